import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSecurity1700000000002 implements MigrationInterface {
  name = 'CreateSecurity1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA IF NOT EXISTS platform;

      CREATE TABLE platform.tokens (
        id text PRIMARY KEY,
        name text NOT NULL,
        roles text[] NOT NULL,
        secret_sha256 bytea NOT NULL,
        created_at timestamptz NOT NULL,
        created_by text NOT NULL,
        revoked_at timestamptz
      );

      -- Erasure deletes the wrapped key and leaves the mark, so that no new key is made for the same person.
      CREATE TABLE platform.subject_keys (
        person text PRIMARY KEY,
        wrapped_key bytea,
        forgotten boolean NOT NULL DEFAULT false,
        CHECK (forgotten = (wrapped_key IS NULL))
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE platform.tokens, platform.subject_keys');
  }
}
