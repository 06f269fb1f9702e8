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

/** A bulk job that had decided the case was undone: it waits as if nobody had decided it. */
const isUndone = (event: RecordedEvent): event is Undone =>
  isOf(CaseReopened, event) && event.data.undoes !== undefined;
type Undone = RecordedOf<typeof CaseReopened>;

/** What a review has found about the image. */
const FOUND = {
  ReviewConfirmed: 'a violation',
  ReviewUpheld: 'a violation',
  ReviewDismissed: 'none',
  ReviewOverturned: 'none',
  ModelProblemFound: 'a fault of the model',
} as const;

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
   * The users who flagged the image in the round before its decision, or before that was undone: those in the case, and those whose
   * flags it does not have, since it was at its limit or they flag too much. If a lead had it judged again and the decision is the
   * one before, those who flagged it since: the others know.
   * @throws NotCaughtUp
   */
  async *of(event: Review | Undone): AsyncGenerator<string> {
    const { caseId } = event.data;
    const { position } = event;
    const history = (await this.historyOf(caseId)).filter((one) => one.position < position);
    const opened = history.findLastIndex((one) => isOf(isKnown(event, history) ? CaseReopened : CaseOpened, one));
    const flags = history.slice(Math.max(0, opened)).filter((one) => isOf(CaseOpened, one) || isOf(CaseJoined, one));
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

/** Part of the decision of a later round, which those who flagged are notified of. */
export const isPartOfDecision = (event: Review): boolean =>
  event.type === 'ReviewOverturned' && event.data.decidedRound !== undefined;

/** Whether those who flagged before the case was reopened were notified of just that. @param history of the case before it */
function isKnown(event: Review | Undone, history: readonly RecordedEvent[]): boolean {
  const last = history.findLast(
    (one) => isOf(CaseOpened, one) || isUndone(one) || (isReview(one) && !isPartOfDecision(one)),
  );
  return last !== undefined && isReview(last) && isReview(event) && FOUND[last.type] === FOUND[event.type];
}
