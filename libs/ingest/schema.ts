import type { MigrationInterface, QueryRunner } from 'typeorm';

export class EncryptQuarantine1700000000130 implements MigrationInterface {
  name = 'EncryptQuarantine1700000000130';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX messaging.quarantine_usage, messaging.quarantine_identity;
      -- What a sender wrote is encrypted; account, source_key and identity_key are keyed hashes that find it.
      -- Entries of earlier versions lose it: their bytes have it as long as they wait.
      ALTER TABLE messaging.quarantine
        DROP event_id,
        DROP source,
        DROP type,
        DROP field,
        DROP detail,
        ADD reported text,
        ADD source_key text,
        ADD identity_key text;
      UPDATE messaging.quarantine SET account = '';
      CREATE INDEX quarantine_usage ON messaging.quarantine (account, source_key, bytes) WHERE status = 'waiting';
      CREATE INDEX quarantine_identity ON messaging.quarantine (identity_key) WHERE status = 'waiting';
      -- A dropped column stays in its rows until they are written anew.
      CLUSTER messaging.quarantine USING quarantine_pkey;
      ALTER TABLE messaging.quarantine SET WITHOUT CLUSTER;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE messaging.quarantine
        DROP reported,
        DROP source_key,
        DROP identity_key,
        ADD event_id text,
        ADD source text,
        ADD type text,
        ADD field text NOT NULL DEFAULT '',
        ADD detail text NOT NULL DEFAULT '';
      ALTER TABLE messaging.quarantine ALTER field DROP DEFAULT, ALTER detail DROP DEFAULT;
      CREATE INDEX quarantine_usage ON messaging.quarantine (account, source, bytes) WHERE status = 'waiting';
      CREATE INDEX quarantine_identity ON messaging.quarantine (source, event_id) WHERE status = 'waiting';
    `);
  }
}

export class SettleQuarantine1700000000083 implements MigrationInterface {
  name = 'SettleQuarantine1700000000083';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- account: whose budget the entry takes. Only a waiting entry keeps its bytes.
      ALTER TABLE messaging.quarantine
        ADD account text NOT NULL DEFAULT '',
        ADD settled_by text,
        ALTER raw DROP NOT NULL,
        DROP CONSTRAINT quarantine_status_check,
        ADD CONSTRAINT quarantine_status_check CHECK (status IN ('waiting', 'replayed', 'resolved', 'discarded'));
      UPDATE messaging.quarantine SET account = coalesce(source, actor);
      ALTER TABLE messaging.quarantine ALTER account DROP DEFAULT;
      CREATE INDEX quarantine_usage ON messaging.quarantine (account, source, bytes) WHERE status = 'waiting';
      CREATE INDEX quarantine_identity ON messaging.quarantine (source, event_id) WHERE status = 'waiting';
      CREATE INDEX quarantine_last_seen ON messaging.quarantine (last_seen_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX messaging.quarantine_usage, messaging.quarantine_identity, messaging.quarantine_last_seen;
      DELETE FROM messaging.quarantine WHERE raw IS NULL;
      ALTER TABLE messaging.quarantine
        DROP account,
        DROP settled_by,
        ALTER raw SET NOT NULL,
        DROP CONSTRAINT quarantine_status_check,
        ADD CONSTRAINT quarantine_status_check CHECK (status IN ('waiting', 'replayed'));
    `);
  }
}

export class CreateQuarantine1700000000020 implements MigrationInterface {
  name = 'CreateQuarantine1700000000020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA messaging;

      -- Events that were not accepted. raw is encrypted: it may hold anybody's data. The column door names the channel.
      CREATE TABLE messaging.quarantine (
        id uuid PRIMARY KEY,
        fingerprint text NOT NULL CONSTRAINT quarantine_fingerprint UNIQUE,
        door text NOT NULL,
        actor text NOT NULL,
        event_id text,
        source text,
        type text,
        reason text NOT NULL,
        field text NOT NULL,
        detail text NOT NULL,
        raw text NOT NULL,
        bytes int NOT NULL,
        seen int NOT NULL DEFAULT 1,
        status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'replayed')),
        first_seen_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL
      );
      CREATE INDEX quarantine_waiting ON messaging.quarantine (first_seen_at, id) WHERE status = 'waiting';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA messaging CASCADE');
  }
}
