import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The keys are in files from here on. Renaming the table of keys keeps a process of an earlier version from making keys that
 * others don't know. Which store belongs to this database, and the epoch of it that each process has seen.
 */
export class MoveKeys1700000000221 implements MigrationInterface {
  name = 'MoveKeys1700000000221';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE platform.key_store (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        store_id text NOT NULL
      );
      ALTER TABLE platform.subject_keys RENAME TO former_keys;
      ALTER TABLE platform.address_key ALTER wrapped_key DROP NOT NULL;
      ALTER TABLE platform.processes ADD key_epoch bigint;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE platform.processes DROP key_epoch;
      ALTER TABLE platform.former_keys RENAME TO subject_keys;
      DROP TABLE platform.key_store;
    `);
  }
}

/** Writes the tables that had keys into new files, with no row but those that are left: the same content by an expression. */
export const REWRITE_FORMER = ['former_keys', 'address_key'].map(
  (table) => `ALTER TABLE platform.${table} ALTER wrapped_key TYPE bytea USING wrapped_key || ''::bytea`,
);

/** Since when no keys are in the database any more: older backups of it have them. */
export class NoteMovedKeys1700000000241 implements MigrationInterface {
  name = 'NoteMovedKeys1700000000241';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE platform.key_store ADD former_keys_until timestamptz;
      -- Whether a database that is in use had keys is not known: an erasure must not promise too much.
      UPDATE platform.key_store SET former_keys_until = now();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE platform.key_store DROP former_keys_until');
  }
}

/** Keys that were moved before have stayed in the files of their tables, in rows that were deleted. */
export class RewriteFormerKeys1700000000280 implements MigrationInterface {
  name = 'RewriteFormerKeys1700000000280';

  async up(runner: QueryRunner): Promise<void> {
    for (const rewrite of REWRITE_FORMER) await runner.query(rewrite);
    await runner.query('UPDATE platform.key_store SET former_keys_until = now() WHERE former_keys_until IS NOT NULL');
  }

  async down(): Promise<void> {}
}
