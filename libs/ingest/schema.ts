import type { MigrationInterface, QueryRunner } from 'typeorm';

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
