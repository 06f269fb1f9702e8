import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which events concern which subject, for histories. Derived from the log, and made anew with another one. */
export class CreateSubjectIndex1700000000216 implements MigrationInterface {
  name = 'CreateSubjectIndex1700000000216';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA history;

      CREATE TABLE history.places (
        subject text COLLATE "C" NOT NULL,
        position bigint NOT NULL,
        PRIMARY KEY (subject, position)
      );
      -- The epoch of the log that the places are of.
      CREATE TABLE history.indexed (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        epoch text NOT NULL DEFAULT ''
      );
      INSERT INTO history.indexed DEFAULT VALUES;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA history CASCADE');
  }
}

/**
 * Which version of the fields the places are of. What an earlier version has indexed is indexed again beside the new events: from
 * `filled` up to `fill_to`, where `reached` is how far this version went without a gap.
 */
export class VersionSubjectIndex1700000000265 implements MigrationInterface {
  name = 'VersionSubjectIndex1700000000265';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE history.indexed
        ADD version integer NOT NULL DEFAULT 1,
        ADD reached bigint NOT NULL DEFAULT 0,
        ADD filled bigint NOT NULL DEFAULT 0,
        ADD fill_to bigint NOT NULL DEFAULT 0;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE history.indexed DROP version, DROP reached, DROP filled, DROP fill_to');
  }
}

/**
 * Which epoch the columns of the version are of. A process of the first version sets `epoch`, and knows none of the others: what they
 * say is of an earlier log then.
 */
export class NameEpochOfSubjectIndex1700000000306 implements MigrationInterface {
  name = 'NameEpochOfSubjectIndex1700000000306';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("ALTER TABLE history.indexed ADD version_epoch text NOT NULL DEFAULT ''");
    await runner.query('UPDATE history.indexed SET version_epoch = epoch');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE history.indexed DROP version_epoch');
  }
}
