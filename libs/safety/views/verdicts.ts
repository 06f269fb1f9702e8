import type { RecordedOf } from '../../events/event-definition.js';
import { unhandled } from '../../kernel/decider.js';
import { defineView, int4, int8, jsonb, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import {
  CaseClaimed,
  CaseOpened,
  CaseReopened,
  ModelProblemFound,
  ReviewConfirmed,
  ReviewDismissed,
  ReviewOverturned,
  ReviewUpheld,
  VerdictGiven,
  VerdictWithdrawn,
} from '../../review/index.js';

/** Maximum verdicts kept of a case, the newest: more than a few rounds of the largest panel have. */
const MAX_VERDICTS = 200;

/** What a round was decided to be. */
type Outcome = 'confirmed' | 'dismissed' | 'model-problem';

/** Part of a JSON column, so its fields are named as in the events. */
export interface RoundVerdict {
  round: number;
  reviewer: string;
  /** The system of a reviewer who is not ours. */
  source?: string;
  verdict: RecordedOf<typeof VerdictGiven>['data']['verdict'];
  /** From the flag that opened the round, or its reopening, to the reviewer's first claim in it. */
  viewedAfterMs?: number;
  /** From that claim to the verdict. */
  judgedAfterMs?: number;
  /** How long the reviewer looked, as the verdict says. */
  answerTimeMs?: number;
  /** How the round was decided. */
  outcome?: Outcome;
}

const columns = {
  case_id: text(),
  round: int4(),
  /** When the flag that opened the round was made, or a lead reopened the case. */
  flagged_at: timestamptz(),
  /** When each reviewer first claimed the case in this round, in epoch milliseconds. */
  claims: jsonb<Record<string, number>>(),
  /** Of all rounds. */
  verdicts: jsonb<RoundVerdict[]>(),
  /** Of the last round that was decided; its confirmation may have been overturned since. */
  outcome: nullable(text<Outcome | 'overturned'>()),
  /** The position of the case's last event. */
  position: int8(),
};

export type VerdictsRow = RowOf<typeof columns>;

const EVENTS = [
  CaseOpened,
  CaseClaimed,
  CaseReopened,
  VerdictGiven,
  VerdictWithdrawn,
  ReviewConfirmed,
  ReviewDismissed,
  ModelProblemFound,
  ReviewOverturned,
  ReviewUpheld,
] as const;

/** The view of cases has the current round only. A reviewer's record needs what became of every verdict. */
export const verdictsView = defineView({
  name: 'verdicts',
  version: 4,
  summary: 'The verdicts of every round of a case, how long they took, and how the round was decided.',
  events: EVENTS,
  table: { name: 'verdicts', key: 'case_id', columns },
  // What is known only of golden cases has no row, as those are not opened here.
  keys: ({ type, data }) => (type === 'CaseOpened' && data.origin === 'golden' ? [] : [data.caseId]),
  evolve(row: VerdictsRow | undefined, event, caseId) {
    if (row && event.position <= row.position) return row;
    const after = event.type === 'CaseOpened' ? opened(caseId, row, event) : row && change(row, event);
    return after && { ...after, position: event.position };
  },
  // A scrape reads these; counting the rows would read every case.
  counters: {
    name: 'verdict_counters',
    columns: ['confirmed', 'overturned'],
    contribution(row) {
      const isConfirmed = row.outcome === 'confirmed';
      if (!isConfirmed && !row.verdicts.some(({ outcome }) => outcome === 'confirmed')) return [];
      return [{ bucket: 'all', amounts: { confirmed: 1, overturned: isConfirmed ? 0 : 1 } }];
    },
  },
});

const opened = (caseId: string, row: VerdictsRow | undefined, event: RecordedOf<typeof CaseOpened>): VerdictsRow => ({
  case_id: caseId,
  round: event.data.round,
  flagged_at: Date.parse(event.data.flaggedAt),
  claims: {},
  verdicts: row?.verdicts ?? [],
  outcome: row?.outcome ?? null,
  position: event.position,
});

type Change = Exclude<RecordedOf<(typeof EVENTS)[number]>, { type: 'CaseOpened' }>;

function change(row: VerdictsRow, event: Change): VerdictsRow {
  const at = Date.parse(event.metadata.time);
  switch (event.type) {
    case 'CaseReopened':
      return { ...row, round: event.data.round, flagged_at: at, claims: {} };
    case 'CaseClaimed':
      return Object.hasOwn(row.claims, event.data.reviewer)
        ? row
        : { ...row, claims: Object.fromEntries([...Object.entries(row.claims), [event.data.reviewer, at]]) };
    case 'VerdictGiven':
      return { ...row, verdicts: [...row.verdicts, verdictOf(row, event, at)].slice(-MAX_VERDICTS) };
    case 'VerdictWithdrawn':
      return { ...row, verdicts: row.verdicts.filter((one) => !isWithdrawn(row, one, event.data.reviewer)) };
    case 'ReviewConfirmed':
    case 'ReviewUpheld':
      return decided(row, 'confirmed');
    case 'ReviewDismissed':
      return decided(row, 'dismissed');
    case 'ModelProblemFound':
      return decided(row, 'model-problem');
    case 'ReviewOverturned':
      return { ...row, outcome: 'overturned' };
    default:
      return unhandled(event);
  }
}

const isWithdrawn = (row: VerdictsRow, { round, reviewer, source }: RoundVerdict, by: string): boolean =>
  round === row.round && reviewer === by && source === undefined;

const decided = (row: VerdictsRow, outcome: Outcome): VerdictsRow => ({
  ...row,
  outcome,
  verdicts: row.verdicts.map((one) => (one.round === row.round ? { ...one, outcome } : one)),
});

/** Clocks differ between systems: a negative time counts as 0. */
const since = (from: number, to: number): number => Math.max(0, to - from);

function verdictOf(row: VerdictsRow, { data }: RecordedOf<typeof VerdictGiven>, at: number): RoundVerdict {
  const { reviewer, reviewerSource: source, verdict, answerTimeMs } = data;
  const isOurs = source === undefined && Object.hasOwn(row.claims, reviewer);
  const claimedAt = isOurs ? row.claims[reviewer] : undefined;
  return {
    round: row.round,
    reviewer,
    ...(source !== undefined && { source }),
    verdict,
    ...(claimedAt !== undefined && {
      viewedAfterMs: since(row.flagged_at, claimedAt),
      judgedAfterMs: since(claimedAt, at),
    }),
    ...(answerTimeMs !== undefined && { answerTimeMs }),
  };
}
