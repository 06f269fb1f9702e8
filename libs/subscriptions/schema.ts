import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateProjections1700000000010 implements MigrationInterface {
  name = 'CreateProjections1700000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA projections;

      -- One row per set of tables that a view has: the live one, and one being built beside it.
      CREATE TABLE projections.builds (
        view text NOT NULL,
        version int NOT NULL,
        build int NOT NULL,
        live boolean NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (view, version, build)
      );
      CREATE UNIQUE INDEX builds_live ON projections.builds (view, version) WHERE live;

      -- The position of a consumer of the log. Moved by compare-and-set on position and epoch: a takeover raises the
      -- epoch, so the previous owner can't move it any more.
      CREATE TABLE projections.checkpoints (
        follower text NOT NULL,
        lane int NOT NULL,
        position bigint NOT NULL,
        epoch bigint NOT NULL DEFAULT 0,
        moved_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (follower, lane)
      ) WITH (fillfactor = 20);

      -- Keys with an event that a consumer could not process; later events of the key are skipped until it is rebuilt.
      CREATE TABLE projections.parked (
        follower text NOT NULL,
        key text NOT NULL,
        position bigint NOT NULL,
        event_id uuid NOT NULL,
        event_type text NOT NULL,
        error text NOT NULL,
        parked_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (follower, key)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA projections CASCADE');
  }
}

/** Removes read models without queries. */
export class DropUnreadViews1700000000070 implements MigrationInterface {
  name = 'DropUnreadViews1700000000070';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DO $$ DECLARE schema text; BEGIN
        FOR schema IN SELECT nspname FROM pg_namespace WHERE nspname ~ '^view_(enforcements|rollout_state)_v[0-9]' LOOP
          EXECUTE format('DROP SCHEMA %I CASCADE', schema);
        END LOOP;
      END $$;
      DELETE FROM projections.builds WHERE view IN ('enforcements', 'rollout-state');
      DELETE FROM projections.checkpoints WHERE follower ~ '^view:(enforcements|rollout-state):';
      DELETE FROM projections.parked WHERE follower ~ '^view:(enforcements|rollout-state):';
    `);
  }

  async down(): Promise<void> {}
}
