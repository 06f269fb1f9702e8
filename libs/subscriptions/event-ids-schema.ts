import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Positions with the id of the event there, to distinguish a log from an older copy and from another one. */
export class KeepEventIds1700000000110 implements MigrationInterface {
  name = 'KeepEventIds1700000000110';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The newest place of a checkpoint of which the event's id was noted; at most some seconds behind its position.
      ALTER TABLE projections.checkpoints ADD COLUMN event_position bigint, ADD COLUMN event_id uuid;

      -- Events that the log held at a position, one a minute at most.
      CREATE TABLE projections.log_marks (
        position bigint PRIMARY KEY,
        event_id uuid NOT NULL,
        noted_at timestamptz NOT NULL DEFAULT now()
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE projections.log_marks;
      ALTER TABLE projections.checkpoints DROP COLUMN event_position, DROP COLUMN event_id;
    `);
  }
}
