import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * EventStoreDB does not reject repeated ids, so these tables index the facts of the last weeks. They are empty if the log is
 * in PostgreSQL, where event ids are unique.
 */
export class CreateFactIndex1700000000030 implements MigrationInterface {
  name = 'CreateFactIndex1700000000030';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA facts;

      CREATE TABLE facts.ids (
        id uuid PRIMARY KEY,
        position bigint NOT NULL,
        day date NOT NULL
      );
      CREATE INDEX ids_day ON facts.ids USING brin (day);

      -- Every fact of a lane up to the revision is in ids, if it is recent enough.
      CREATE TABLE facts.lanes (
        lane text PRIMARY KEY,
        revision bigint NOT NULL
      ) WITH (fillfactor = 20);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA facts CASCADE');
  }
}
