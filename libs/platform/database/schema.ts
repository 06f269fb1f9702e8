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

/** The check of the identity key, and the position up to which ids may be those of an earlier version. */
export class CreateEventIdentity1700000000081 implements MigrationInterface {
  name = 'CreateEventIdentity1700000000081';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE platform.event_identity (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        key_check text NOT NULL,
        since bigint NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE platform.event_identity');
  }
}

/** The sources and event types that a token may send; null for all. */
export class BindTokens1700000000082 implements MigrationInterface {
  name = 'BindTokens1700000000082';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE platform.tokens ADD sources text[], ADD event_types text[]');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE platform.tokens DROP sources, DROP event_types');
  }
}

/** Whom a token belongs to, until when it is valid, and when it was used. */
export class OwnTokens1700000000130 implements MigrationInterface {
  name = 'OwnTokens1700000000130';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE platform.tokens ADD person text, ADD expires_at timestamptz, ADD last_used_at timestamptz',
    );
    // The name was the actor: it stays the same one.
    await runner.query(`UPDATE platform.tokens SET person = name WHERE NOT 'service' = ANY(roles)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE platform.tokens DROP person, DROP expires_at, DROP last_used_at');
  }
}

/** The key of the address hashes, wrapped by the master key. Not derived from it, so that hashes outlive a master key. */
export class CreateAddressKey1700000000085 implements MigrationInterface {
  name = 'CreateAddressKey1700000000085';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE platform.address_key (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        wrapped_key bytea NOT NULL,
        -- True if no earlier version can have hashed an address of this log.
        log_was_empty boolean NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE platform.address_key');
  }
}
