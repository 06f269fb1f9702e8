import type { MigrationInterface, QueryRunner } from 'typeorm';

/** No query used it, also none without sequential scans: all find deactivations by their account. */
export class DropDeactivationTimes1700000000169 implements MigrationInterface {
  name = 'DropDeactivationTimes1700000000169';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX IF EXISTS view_deactivations_v4.deactivations_stored_at_idx');
  }

  async down(): Promise<void> {}
}

/**
 * Counts of the evidence of the gate, derived from views: what arrived does not change any more, so each exposure and each
 * onboarding is counted once. Emptied tables are filled again from the views.
 */
export class CountGateEvidence1700000000227 implements MigrationInterface {
  name = 'CountGateEvidence1700000000227';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SCHEMA gate');
    await runner.query(`CREATE TABLE gate.evidence (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      epoch text NOT NULL,
      since bigint NOT NULL,
      as_of bigint NOT NULL,
      position bigint NOT NULL,
      exposures bigint NOT NULL,
      exposures_done bigint NOT NULL,
      accounts_done bigint NOT NULL,
      cohorts_done bigint NOT NULL,
      arrived_done bigint NOT NULL
    )`);
    await runner.query('CREATE TABLE gate.cohorts (cohort_id text PRIMARY KEY, ordinal bigint NOT NULL)');
    await runner.query('CREATE TABLE gate.cohort_exposures (cohort_id text PRIMARY KEY, exposures bigint NOT NULL)');
    await runner.query('CREATE TABLE gate.account_exposures (account_id text PRIMARY KEY, exposures bigint NOT NULL)');
    await runner.query('CREATE TABLE gate.closed_accounts (exposures bigint PRIMARY KEY, accounts bigint NOT NULL)');
    await runner.query('CREATE TABLE gate.day_exposures (day date PRIMARY KEY, exposures bigint NOT NULL)');
    await runner.query(`CREATE TABLE gate.arrived_exposures (
      since bigint, model text, exposures bigint NOT NULL, PRIMARY KEY (since, model)
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA gate CASCADE');
  }
}

/**
 * Indexes of live views for the evidence of the gate, as their next build has them: of images that are or may be violations, without those
 * that reviewers dismissed, and of the latest deactivations.
 */
export class IndexGateEvidence1700000000293 implements MigrationInterface {
  name = 'IndexGateEvidence1700000000293';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`DO $$
      DECLARE former text;
      BEGIN
        IF to_regclass('view_safety_images_v8.images') IS NOT NULL THEN
          FOR former IN SELECT indexname FROM pg_indexes
            WHERE schemaname = 'view_safety_images_v8' AND indexdef LIKE '%(exposed_position)%flagged_at%'
          LOOP
            EXECUTE format('DROP INDEX view_safety_images_v8.%I', former);
          END LOOP;
          CREATE INDEX ON view_safety_images_v8.images (exposed_position) WHERE exposed_position IS NOT NULL
            AND (case_status = 'confirmed' OR (flagged_at IS NOT NULL AND case_status IN ('none', 'open')));
        END IF;
        IF to_regclass('view_deactivations_v4.deactivations') IS NOT NULL THEN
          CREATE INDEX ON view_deactivations_v4.deactivations (stored_at);
        END IF;
      END $$`);
  }

  async down(): Promise<void> {}
}
