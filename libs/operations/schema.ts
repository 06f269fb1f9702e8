import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateKeptReplays1700000000245 implements MigrationInterface {
  name = 'CreateKeptReplays1700000000245';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Replays of views whose tables were left in schemas of their own, with the digest of each table. Of another log, whose
      -- epoch differs, they say nothing.
      CREATE TABLE projections.kept_replays (
        name text PRIMARY KEY,
        epoch text NOT NULL,
        position bigint NOT NULL,
        kept_at timestamptz NOT NULL DEFAULT now(),
        tables jsonb NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE projections.kept_replays');
  }
}
