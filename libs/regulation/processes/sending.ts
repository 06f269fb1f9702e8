import type { Schedule } from '../../context/context.js';
import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { inOrder } from '../../kernel/in-order.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { Pool } from '../../platform/database/database.js';
import type { Logger } from '../../platform/logging/logger.js';
import { onceBuilt, queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { entryFor, mappingStream, type StatementMapping } from '../mapping.js';
import { clauseOf, storedPolicies } from '../queries/policy-clauses.js';
import { noteFailure, noteSuccess, noteUnderWay, readSending } from '../queries/sending-row.js';
import { SubmissionFailure } from '../sending/submission-failure.js';
import type { TransparencyDatabase } from '../sending/transparency-database.js';
import { type Accepted, recordAccepted, recordRefused, type Submission, statementStream } from '../statement.js';
import { submissionOf } from '../submission.js';
import { statementsView } from '../views/statements.js';

export const STATEMENT_SENDING = 'statement-sending';
const TICK_MS = 5_000;
/** The most that the database accepts in one call. */
export const MAX_BATCH = 100;
const CONCURRENCY = 8;
const FIRST_DELAY_MS = 30_000;
const MAX_DELAY_MS = 3_600_000;

/** Those whose clause has an entry; a statement that names none has the clause ''. */
const WAITING = `SELECT statement_id, (extract(epoch FROM queued_at) * 1000)::float8 AS queued_ms
  FROM ${viewTable(statementsView)}
  WHERE status = 'waiting' AND coalesce(clause, '') = ANY($1::text[])
    AND (queued_at, statement_id) > (to_timestamp($2::float8 / 1000), $3::text)
  ORDER BY queued_at, statement_id LIMIT ${MAX_BATCH}`;

export interface SendingPorts {
  pool: Pool;
  transactor: Transactor;
  clock: Clock;
  logger: Logger;
}

/**
 * Sends statements of reasons that wait to the Commission's database, in calls of which each is accepted whole or not at
 * all. What is sent is stored before: if no answer arrives, the database is asked for each statement, and what it has is
 * not sent again.
 */
export class StatementSending implements Schedule {
  constructor(
    private readonly database: TransparencyDatabase,
    private readonly territorialScope: readonly string[],
    private readonly ports: SendingPorts,
  ) {}

  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const { logger } = this.ports;
    const failed = onceBuilt((error) =>
      logger.warn({ err: error }, 'statements of reasons could not be sent; this is retried'),
    );
    await runPeriodically(
      { name: STATEMENT_SENDING, everyMs: TICK_MS, tick: (ends) => this.tick(ends), failed },
      signal,
      locks,
    );
  }

  /** Ends once nothing is due. A failure of the database is noted, and the next attempt is due later. */
  async tick(signal?: AbortSignal): Promise<void> {
    const { pool, clock, logger } = this.ports;
    const { retryAt, failures, underWay } = await readSending(pool);
    if (retryAt > clock.now()) return;
    try {
      if (underWay.length > 0) await this.settle(underWay, signal);
      await this.sendWaiting(signal);
      await noteSuccess(pool);
    } catch (error) {
      if (!(error instanceof SubmissionFailure) || signal?.aborted) throw error;
      const delay = Math.max(error.waitMs ?? 0, Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures));
      await noteFailure(pool, error.message, clock.now(), clock.now() + delay);
      logger.warn({ err: error }, 'statements of reasons could not be sent; this is retried later');
    }
  }

  /** What became of statements whose answer did not arrive. */
  private async settle(submissions: readonly Submission[], signal?: AbortSignal): Promise<void> {
    for (const submission of submissions) {
      const { state } = await this.ports.transactor.load(statementStream, submission.puid);
      if (state.status !== 'waiting') continue;
      if (await this.database.has(submission.puid, signal))
        await this.accept([submission], (one) => ({ submission: one, isRepeat: true }));
    }
    await noteUnderWay(this.ports.pool, []);
  }

  private async sendWaiting(signal?: AbortSignal): Promise<void> {
    const { transactor, pool } = this.ports;
    const { state: mapping } = await transactor.load(mappingStream, undefined);
    const mapped = mapping.entries.map(({ clause = '' }) => clause);
    let after: [number, string] = [0, ''];
    for (let isMore = mapped.length > 0; isMore && !signal?.aborted; ) {
      const { rows } = await queryView(pool, { text: WAITING, values: [arrayParameter('text', mapped), ...after] });
      const ids = rows.map((row) => row.statement_id as string);
      const submissions = await this.submissionsOf(ids, mapping);
      if (submissions.length > 0) await this.send(submissions, signal);
      isMore = rows.length === MAX_BATCH;
      if (isMore) after = [rows.at(-1).queued_ms, ids.at(-1)!];
    }
  }

  private async submissionsOf(ids: readonly string[], mapping: StatementMapping): Promise<Submission[]> {
    const policies = await storedPolicies(this.ports.transactor);
    const states = await Promise.all(ids.map((id) => this.ports.transactor.load(statementStream, id)));
    return states.flatMap(({ state: { status, statement } }) => {
      const entry = statement && entryFor(mapping, statement.clause);
      // The view may be behind.
      if (status !== 'waiting' || !statement || !entry) return [];
      const clause = clauseOf(policies, statement.clause, statement.policyVersion);
      return [submissionOf(statement, entry, clause, this.territorialScope)];
    });
  }

  /** Until each of them is accepted or refused: without those that the database named, it may accept the rest. */
  private async send(all: readonly Submission[], signal?: AbortSignal): Promise<void> {
    let rest = all;
    while (rest.length > 0) {
      await noteUnderWay(this.ports.pool, rest);
      const answer = await this.submit(rest, signal);
      switch (answer.outcome) {
        case 'created':
          await this.accept(rest, (submission) => ({ submission }));
          rest = [];
          break;
        case 'existing': {
          const { puids } = answer;
          // What it was sent then may have been another mapping's.
          await this.accept(
            rest.filter(({ puid }) => puids.has(puid)),
            () => ({ isRepeat: true }),
          );
          rest = rest.filter(({ puid }) => !puids.has(puid));
          break;
        }
        case 'refused': {
          const { errors } = answer;
          await this.each(rest, (one) => this.refuse(one, errors.get(rest.indexOf(one))));
          rest = rest.filter((_, place) => !errors.has(place));
          break;
        }
        case 'refused-whole':
          if (rest.length === 1) await this.refuse(rest[0]!, answer.errors);
          else {
            const middle = rest.length >> 1;
            await this.send(rest.slice(0, middle), signal);
            await this.send(rest.slice(middle), signal);
          }
          rest = [];
      }
    }
    await noteUnderWay(this.ports.pool, []);
  }

  private async submit(submissions: readonly Submission[], signal?: AbortSignal) {
    try {
      return await this.database.submit(submissions, signal);
    } catch (error) {
      // It answered that it accepted none of them.
      if (error instanceof SubmissionFailure && !error.isLost) await noteUnderWay(this.ports.pool, []);
      throw error;
    }
  }

  private accept(
    submissions: readonly Submission[],
    known: (submission: Submission) => Omit<Accepted, 'statementId'>,
  ): Promise<void> {
    return this.each(submissions, async (submission) => {
      const data = { statementId: submission.puid, ...known(submission) };
      await this.ports.transactor.transact(statementStream, submission.puid, contextOf(submission), (state) =>
        recordAccepted(state, data),
      );
    });
  }

  private async refuse(submission: Submission, errors: readonly string[] | undefined): Promise<void> {
    if (!errors) return;
    const data = { statementId: submission.puid, errors: [...errors], submission };
    await this.ports.transactor.transact(statementStream, submission.puid, contextOf(submission), (state) =>
      recordRefused(state, data),
    );
  }

  private each(submissions: readonly Submission[], work: (one: Submission) => Promise<void>): Promise<void> {
    return inOrder(submissions, ({ puid }) => [puid], CONCURRENCY, work);
  }
}

const contextOf = ({ puid }: Submission): CommandContext => ({
  actor: { kind: 'process', id: STATEMENT_SENDING },
  correlationid: puid,
});
