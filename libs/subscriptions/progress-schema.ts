import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far a reactor is beyond its position, so that every process can say it. */
export class KeepReactorProgress1700000000120 implements MigrationInterface {
  name = 'KeepReactorProgress1700000000120';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The events finished beyond the oldest unfinished one; the oldest event that is retried; whether the oldest unfinished
      -- one is being processed and has not failed, or a parked key is retried; and the event that has been processed for longest.
      ALTER TABLE projections.checkpoints
        ADD COLUMN finished bigint NOT NULL DEFAULT 0, ADD COLUMN retrying json,
        ADD COLUMN working boolean NOT NULL DEFAULT false, ADD COLUMN working_on json;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE projections.checkpoints DROP COLUMN finished, DROP COLUMN retrying, DROP COLUMN working, DROP COLUMN working_on',
    );
  }
}
