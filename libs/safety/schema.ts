import type { MigrationInterface, QueryRunner } from 'typeorm';

/** No query used it, also none without sequential scans: all find deactivations by their account. */
export class DropDeactivationTimes1700000000169 implements MigrationInterface {
  name = 'DropDeactivationTimes1700000000169';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX IF EXISTS view_deactivations_v4.deactivations_stored_at_idx');
  }

  async down(): Promise<void> {}
}
