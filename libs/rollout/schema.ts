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

/**
 * Batches of invitations had a consumer of their own, which may have been behind that of the cohorts, with which it is one now. So
 * this one processes both again, from the beginning of the log: it onboards and invites nobody twice.
 */
export class FillPlacesTogether1700000000281 implements MigrationInterface {
  name = 'FillPlacesTogether1700000000281';

  async up(runner: QueryRunner): Promise<void> {
    const both = `('reactor:onboarding', 'reactor:inviting')`;
    await runner.query(`DELETE FROM projections.checkpoints WHERE follower IN ${both}`);
    await runner.query(`DELETE FROM projections.parked WHERE follower IN ${both}`);
  }

  async down(): Promise<void> {}
}
