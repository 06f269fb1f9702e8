import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Cohorts of earlier logs were never closed, so they would count against the rate for ever. The onboarding consumer
 * processes their admissions again: it onboards nobody twice, and closes them.
 */
export class CloseEarlierCohorts1700000000060 implements MigrationInterface {
  name = 'CloseEarlierCohorts1700000000060';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM projections.checkpoints WHERE follower = 'reactor:onboarding'`);
    await runner.query(`DELETE FROM projections.parked WHERE follower = 'reactor:onboarding'`);
  }

  async down(): Promise<void> {}
}

/** Cohorts and batches of invitations are filled by one consumer now, with a checkpoint of its own. */
export class DropFormerConsumers1700000000281 implements MigrationInterface {
  name = 'DropFormerConsumers1700000000281';

  async up(runner: QueryRunner): Promise<void> {
    const former = `('reactor:onboarding', 'reactor:inviting')`;
    await runner.query(`DELETE FROM projections.checkpoints WHERE follower IN ${former}`);
    await runner.query(`DELETE FROM projections.parked WHERE follower IN ${former}`);
  }

  async down(): Promise<void> {}
}
