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

export class CreateEarlierViews1700000000275 implements MigrationInterface {
  name = 'CreateEarlierViews1700000000275';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Where views are as of earlier positions, for reads. Their tables are dropped once nobody has read them for a while,
      -- but not those of a replay that somebody has kept.
      CREATE TABLE projections.earlier_views (
        epoch text NOT NULL,
        position bigint NOT NULL,
        view text NOT NULL,
        version int NOT NULL,
        schema text NOT NULL,
        replay text REFERENCES projections.kept_replays (name) ON DELETE CASCADE,
        read_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (epoch, position, view, version)
      );
      CREATE INDEX ON projections.earlier_views (replay) WHERE replay IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    const made: { schema: string }[] = await runner.query(
      'SELECT schema FROM projections.earlier_views WHERE replay IS NULL',
    );
    for (const { schema } of made) await runner.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await runner.query('DROP TABLE projections.earlier_views');
  }
}
