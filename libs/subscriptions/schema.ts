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

      -- How far a follower of the log has got. Moved by compare-and-set on position and epoch: whoever takes a lane
      -- raises its epoch, so the one before can't move it any more.
      CREATE TABLE projections.checkpoints (
        follower text NOT NULL,
        lane int NOT NULL,
        position bigint NOT NULL,
        epoch bigint NOT NULL DEFAULT 0,
        moved_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (follower, lane)
      ) WITH (fillfactor = 20);

      -- Keys whose event a follower could not take; the key's later events are left out until it is rebuilt.
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

/** Read models that nobody asked and that are none any more. */
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
