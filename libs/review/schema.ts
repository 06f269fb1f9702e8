import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Cases that a queue has given to somebody and whose claim the view may lack. Losing the rows does no harm, since the case's
 * own stream decides about a claim; so they are not logged, and a reservation costs no write to disk.
 */
class CreateCaseReservations1700000000140 implements MigrationInterface {
  name = 'CreateCaseReservations1700000000140';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA review;
      CREATE UNLOGGED TABLE review.case_reservations (
        case_id text PRIMARY KEY,
        until timestamptz NOT NULL,
        -- The view's position of the case at the reservation.
        seen bigint NOT NULL,
        -- That of the claim, once it is stored.
        claimed_at bigint
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA review CASCADE');
  }
}

/** For whom a case is reserved: claims count as theirs before the view shows them. */
class NameReservingReviewers1700000000165 implements MigrationInterface {
  name = 'NameReservingReviewers1700000000165';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE review.case_reservations ADD COLUMN reviewer text;
      CREATE INDEX ON review.case_reservations (reviewer);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE review.case_reservations DROP COLUMN reviewer');
  }
}

/** Cases that were refused to a reviewer for a reason that the view does not show. Losing the rows does no harm. */
class CreateRefusedCases1700000000150 implements MigrationInterface {
  name = 'CreateRefusedCases1700000000150';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE UNLOGGED TABLE review.refused_cases (
        reviewer text NOT NULL,
        case_id text NOT NULL,
        -- The view's position of the case at the refusal.
        seen bigint NOT NULL,
        until timestamptz NOT NULL,
        PRIMARY KEY (reviewer, case_id)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE review.refused_cases');
  }
}

/**
 * How many cases queues have reserved for each reviewer. Processes that count the claims of one at once reserve at the number
 * that they have read, so that only one of them does. Losing the rows does no harm: numbers then restart from 0.
 */
class CountReviewersReservations1700000000173 implements MigrationInterface {
  name = 'CountReviewersReservations1700000000173';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE UNLOGGED TABLE review.reviewer_turns (
        reviewer text PRIMARY KEY,
        turn bigint NOT NULL
      ) WITH (fillfactor = 50);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE review.reviewer_turns');
  }
}

export const reviewMigrations = [
  CreateCaseReservations1700000000140,
  CreateRefusedCases1700000000150,
  NameReservingReviewers1700000000165,
  CountReviewersReservations1700000000173,
];
