import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When each process was seen last. Nothing is decided from it. */
export class CreateProcesses1700000000135 implements MigrationInterface {
  name = 'CreateProcesses1700000000135';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE platform.processes (
        id uuid PRIMARY KEY,
        roles text[] NOT NULL,
        host text NOT NULL,
        pid integer NOT NULL,
        version text NOT NULL,
        started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE platform.processes');
  }
}
