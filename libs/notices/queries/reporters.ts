import type pg from 'pg';
import type { EventStore } from '../../event-store/event-store.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { queryView } from '../../projections/view-query.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import {
  CaseJoined,
  CaseOpened,
  CaseReopened,
  caseStream,
  ModelProblemFound,
  ReviewConfirmed,
  ReviewDismissed,
  ReviewOverturned,
  ReviewUpheld,
} from '../../review/index.js';
import { notedReportersView } from '../views/noted-reporters.js';

export const REVIEWS = [ReviewConfirmed, ReviewUpheld, ReviewDismissed, ModelProblemFound, ReviewOverturned];
export type Review = RecordedOf<(typeof REVIEWS)[number]>;

const PAGE = 500;
const NOTED = `SELECT account_id, position FROM ${viewTable(notedReportersView)}
  WHERE case_id = $1::text AND round >= $2::int AND position > $3 AND position < $4 ORDER BY position LIMIT ${PAGE}`;

export const isReview = (event: RecordedEvent): event is Review =>
  REVIEWS.some((definition) => isOf(definition, event));

/** Who of those who flagged an image is to be notified. Detectors and staff are not. */
export class Reporters {
  constructor(
    private readonly store: EventStore,
    private readonly pool: Pick<pg.Pool, 'query'>,
    private readonly views: Pick<ViewReader, 'reached'>,
    private readonly waitMs: number,
  ) {}

  /**
   * The users who flagged the image in the round before its decision: those in the case, and those whose flags it does not have,
   * since it was at its limit or they flag too much. Of a case that is confirmed again, those who flagged it since it was
   * reopened: the others know that it is confirmed.
   * @throws NotCaughtUp
   */
  async *of({ type, data: { caseId }, position }: Review): AsyncGenerator<string> {
    const history = (await this.historyOf(caseId)).filter((event) => event.position < position);
    const beginning = type === ReviewUpheld.type ? CaseReopened : CaseOpened;
    const opened = history.findLastIndex((event) => isOf(beginning, event));
    const flags = history
      .slice(Math.max(0, opened))
      .filter((event) => isOf(CaseOpened, event) || isOf(CaseJoined, event));
    const inCase = new Set(
      flags.flatMap(({ data }) => (data.flaggerKind === 'user' ? [data.flaggedBy as string] : [])),
    );
    yield* inCase;
    const round = (history[opened]?.data.round as number | undefined) ?? 1;
    await this.views.reached(notedReportersView, position, this.waitMs);
    for (let after = 0; ; ) {
      const { rows } = await queryView(this.pool as pg.Pool, { text: NOTED, values: [caseId, round, after, position] });
      for (const { account_id } of rows) if (!inCase.has(account_id)) yield account_id;
      if (rows.length < PAGE) return;
      after = Number(rows.at(-1).position);
    }
  }

  /** Whether the decision overturned the confirmation that was in force until then. */
  async isOverturning({ data: { caseId }, position }: Review): Promise<boolean> {
    const before = (await this.historyOf(caseId)).findLast((event) => event.position < position);
    return before !== undefined && isOf(ReviewOverturned, before) && before.data.decidedRound !== undefined;
  }

  /** What was decided before a place of the log, unless the case was opened again since. */
  async decisionBefore(caseId: string, position: Position): Promise<Review | undefined> {
    const history = await this.historyOf(caseId);
    const last = history.findLast(
      (event) => event.position < position && (isReview(event) || isOf(CaseOpened, event) || isOf(CaseReopened, event)),
    );
    return last && isReview(last) ? last : undefined;
  }

  private readonly historyOf = (caseId: string) => this.store.readStream(`${caseStream.category}-${caseId}`);
}
