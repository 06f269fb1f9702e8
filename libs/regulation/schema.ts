import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is under way to the Commission's database of statements of reasons. */
export class CreateStatementSending1700000000236 implements MigrationInterface {
  name = 'CreateStatementSending1700000000236';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA regulation;

      -- The statements whose answer has not arrived, as they were sent; and when the next attempt is due after failures.
      CREATE TABLE regulation.sending (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        under_way jsonb NOT NULL DEFAULT '[]',
        failures int NOT NULL DEFAULT 0,
        failing_since timestamptz,
        error text,
        retry_at timestamptz
      );
      INSERT INTO regulation.sending DEFAULT VALUES;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA regulation CASCADE');
  }
}
