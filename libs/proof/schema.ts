import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The log of leaves: a Merkle tree over the events of the log, in its order. */
export class CreateProof1700000000201 implements MigrationInterface {
  name = 'CreateProof1700000000201';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA proof;

      -- How many leaves there are, the position of the last one's event, and the epoch of the log that they are of.
      CREATE TABLE proof.tree (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        size bigint NOT NULL DEFAULT 0,
        position bigint NOT NULL DEFAULT 0,
        epoch text NOT NULL DEFAULT ''
      ) WITH (fillfactor = 10);
      INSERT INTO proof.tree DEFAULT VALUES;

      -- 256 leaves a row, fewer in the last: entries of 32 bytes, and the positions of their events in 8 bytes each.
      CREATE TABLE proof.bundles (
        number bigint PRIMARY KEY,
        entries bytea NOT NULL,
        positions bytea NOT NULL
      );
      -- 256 hashes a row, fewer in the last of a level. Those of level 0 are the hashes of the entries.
      CREATE TABLE proof.tiles (
        level int NOT NULL,
        number bigint NOT NULL,
        hashes bytea NOT NULL,
        PRIMARY KEY (level, number)
      );
      ALTER TABLE proof.bundles ALTER entries SET STORAGE EXTERNAL;
      ALTER TABLE proof.tiles ALTER hashes SET STORAGE EXTERNAL;

      -- One root for each size: an origin never signs two.
      CREATE TABLE proof.checkpoints (
        origin text NOT NULL,
        size bigint NOT NULL,
        root bytea NOT NULL,
        note text NOT NULL,
        signed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (origin, size)
      );
      CREATE INDEX checkpoints_signed ON proof.checkpoints (signed_at);
      -- Up to which leaf the stored events were compared with the leaves, and the root then.
      CREATE TABLE proof.verified (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        size bigint NOT NULL,
        position bigint NOT NULL,
        root bytea NOT NULL,
        verified_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE proof.keys (
        verifier text PRIMARY KEY,
        origin text NOT NULL,
        since timestamptz NOT NULL DEFAULT now()
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA proof CASCADE');
  }
}

/** What witnesses have seen of the log, and their signatures under its checkpoints. */
export class CreateWitnesses1700000000212 implements MigrationInterface {
  name = 'CreateWitnesses1700000000212';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE proof.witnesses (
        origin text NOT NULL,
        verifier text NOT NULL,
        name text NOT NULL,
        size bigint NOT NULL DEFAULT 0,
        cosigned_at timestamptz,
        error text,
        -- Why nothing is signed any more.
        refusal text,
        PRIMARY KEY (origin, verifier)
      );
      CREATE TABLE proof.cosignatures (
        origin text NOT NULL,
        size bigint NOT NULL,
        verifier text NOT NULL,
        -- As a note has it.
        line text NOT NULL,
        PRIMARY KEY (origin, size, verifier),
        FOREIGN KEY (origin, size) REFERENCES proof.checkpoints ON DELETE CASCADE
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE proof.cosignatures, proof.witnesses');
  }
}

/** What the verifications of the log have found, for the metrics of every process. */
export class CreateVerifications1700000000213 implements MigrationInterface {
  name = 'CreateVerifications1700000000213';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE proof.verifications (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        -- When one found nothing altered, and when one of all events did.
        intact_at timestamptz,
        full_at timestamptz,
        -- The same whatever was found, so that an altered log is not compared all the time.
        ended_at timestamptz,
        full_ended_at timestamptz,
        -- What was altered, until one of all events finds nothing.
        fault text,
        detail text,
        position bigint
      );
      INSERT INTO proof.verifications DEFAULT VALUES;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE proof.verifications');
  }
}

/** One key may take the place of another, and a process may have a key that does not sign yet. */
export class ReplaceProofKeys1700000000214 implements MigrationInterface {
  name = 'ReplaceProofKeys1700000000214';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- When a key stops to sign; NULL for the current one.
      ALTER TABLE proof.keys ADD COLUMN until timestamptz;
      CREATE TABLE proof.offered_keys (
        verifier text PRIMARY KEY,
        origin text NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE proof.offered_keys; ALTER TABLE proof.keys DROP COLUMN until');
  }
}
