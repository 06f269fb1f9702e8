import { fold } from '../../libs/kernel/decider.js';
import { type Case, caseStream, type Verdict } from '../../libs/review/case.js';
import type { CaseFacts } from '../../libs/review/conflict-of-interest.js';
import type { CaseEvent } from '../../libs/review/events.js';
import type { OpenCase } from '../../libs/review/flag-decisions.js';
import { type GiveVerdict, giveVerdict, type ImportVerdict } from '../../libs/review/verdict-decisions.js';

export const NOW = Date.parse('2022-05-19T10:00:00Z');
export const LEASE_MS = 900_000;
export const CASE_ID = 'img-1';

export const flag = (change: Partial<OpenCase> = {}): OpenCase => ({
  imageId: CASE_ID,
  accountId: 'acc-1',
  flagId: 'flag-1',
  flaggedBy: 'acc-9',
  categories: ['violent'],
  flaggedAt: '2022-05-19T10:00:00.000Z',
  position: 1,
  panelSize: 1,
  confidenceStep: 0.2,
  ...change,
});

/** As if the reviewer had claimed the case. */
export function claimedBy(state: Case, reviewer: string): Case {
  const until = new Date(NOW + LEASE_MS).toISOString();
  return fold(caseStream, [{ type: 'CaseClaimed', data: { caseId: CASE_ID, reviewer, until } }], state);
}

/** The events of a verdict, of a reviewer who has claimed the case or of one from outside. */
export function vote(
  state: Case,
  reviewer: string,
  verdict: Verdict,
  more: Partial<GiveVerdict> | Partial<ImportVerdict> = {},
  facts: CaseFacts = {},
): CaseEvent[] {
  const given = { caseId: CASE_ID, reviewer, verdict, now: NOW };
  const { reviewerSource } = more as Partial<ImportVerdict>;
  if (reviewerSource !== undefined) return giveVerdict(state, { ...given, ...more, reviewerSource }, facts);
  const claimed = state.status === 'open' ? claimedBy(state, reviewer) : state;
  const founded = verdict === 'unsafe' ? { clause: 'violent', rationale: 'a wound' } : {};
  return giveVerdict(claimed, { ...given, ...founded, token: claimed.claims, windowMs: 0, ...more }, facts);
}

/** A case and its growing stream, each event at the next position. */
export function caseFile(start = 10) {
  let position = start;
  let state: Case = caseStream.initial;
  const log: (CaseEvent & { position: number })[] = [];
  const file = {
    log,
    state: (): Case => state,
    append(events: readonly CaseEvent[]) {
      const placed = events.map((event) => ({ ...event, position: ++position }));
      log.push(...placed);
      state = fold(caseStream, placed, state);
      return file;
    },
  };
  return file;
}
