import { fold } from '../../libs/kernel/decider.js';
import { type Case, caseStream } from '../../libs/review/case.js';
import type { CaseEvent } from '../../libs/review/events.js';
import type { OpenCase } from '../../libs/review/review-decisions.js';

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
