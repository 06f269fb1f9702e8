import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAppliedDecisions1700000000141 implements MigrationInterface {
  name = 'CreateAppliedDecisions1700000000141';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA access;

      -- When each decision point had applied a decision against an account. The time of storing separates decisions of two
      -- logs that have the same position.
      CREATE TABLE access.applied_decisions (
        position bigint NOT NULL,
        stored_at timestamptz NOT NULL,
        decision_point text NOT NULL,
        applied_at timestamptz NOT NULL,
        is_review boolean NOT NULL,
        PRIMARY KEY (position, stored_at, decision_point)
      );
      CREATE INDEX applied_decisions_stored_at ON access.applied_decisions (stored_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA access CASCADE');
  }
}

export class CreateDecisionPoints1700000000160 implements MigrationInterface {
  name = 'CreateDecisionPoints1700000000160';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- From where each decision point reports: it had applied what is stored up to there before it began.
      CREATE TABLE access.decision_points (
        decision_point text PRIMARY KEY,
        reports_after bigint NOT NULL,
        since timestamptz NOT NULL DEFAULT now()
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE access.decision_points');
  }
}

export class CreateDeniedShares1700000000170 implements MigrationInterface {
  name = 'CreateDeniedShares1700000000170';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- How often decision points denied a share because of the image, by UTC day. The first row says since when they count.
      CREATE TABLE access.denied_shares (
        day date NOT NULL,
        reason text NOT NULL,
        shares bigint NOT NULL,
        PRIMARY KEY (day, reason)
      );
      INSERT INTO access.denied_shares VALUES ((now() AT TIME ZONE 'UTC')::date, 'face-sharing-restricted', 0);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE access.denied_shares');
  }
}

export class CreateRecordedDecisions1700000000217 implements MigrationInterface {
  name = 'CreateRecordedDecisions1700000000217';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- A sample of access decisions, with the position and the facts that each rested on. The reason of a permit is empty.
      CREATE TABLE access.recorded_decisions (
        id uuid PRIMARY KEY,
        subject_type text NOT NULL,
        subject_id text NOT NULL,
        action text NOT NULL,
        reason text NOT NULL,
        position bigint NOT NULL,
        decided_at timestamptz NOT NULL,
        question jsonb NOT NULL
      );
      CREATE INDEX recorded_decisions_subject
        ON access.recorded_decisions (subject_id, subject_type, action, reason, decided_at);
      CREATE INDEX recorded_decisions_time ON access.recorded_decisions (decided_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE access.recorded_decisions');
  }
}
