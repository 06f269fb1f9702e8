import { expect, it } from '@jest/globals';
import { fold } from '../../kernel/decider.js';
import type { Actor } from '../../kernel/envelope.js';
import { caseStream } from '../case.js';
import type { CaseEvent } from '../events.js';
import { visibleDecision } from './visible-review.js';

const NOW = Date.UTC(2022, 4, 19);
const FINAL_AT = new Date(NOW + 60_000).toISOString();
const opened: CaseEvent = {
  type: 'CaseOpened',
  data: {
    ...{ caseId: 'img-1', imageId: 'img-1', accountId: 'acc-1', round: 1, panelSize: 1 },
    ...{ flagId: 'flag-1', flaggedBy: 'acc-9', categories: [], flaggedAt: '2022-05-19T00:00:00Z' },
  },
};
const judged: CaseEvent = {
  type: 'VerdictGiven',
  data: { caseId: 'img-1', reviewer: 'rita', verdict: 'safe', finalAt: FINAL_AT },
};
const further: CaseEvent = {
  type: 'FurtherReviewRequired',
  data: { caseId: 'img-1', round: 1, verdicts: 2, because: 'sample' },
};
const decisionFor = (id: string, role: NonNullable<Actor['role']>, now: number, ...events: CaseEvent[]) =>
  visibleDecision(fold(caseStream, [opened, ...events]), { kind: 'user', id, role }, now);

it('shows who can take their verdict back the same of a case that others judge too', () => {
  const end = Date.parse(FINAL_AT);
  expect(decisionFor('rita', 'reviewer', NOW, judged)).toBe(end);
  expect(decisionFor('rita', 'reviewer', NOW, judged, further)).toBe(end);
  // Later, and to a lead, it says that another verdict is needed.
  expect(decisionFor('rita', 'reviewer', end, judged, further)).toBeUndefined();
  expect(decisionFor('lena', 'lead', NOW, judged, further)).toBeUndefined();
  expect(decisionFor('lena', 'lead', NOW, judged)).toBe(end);
  // Another reviewer learns of no verdict.
  expect(decisionFor('rob', 'reviewer', NOW, judged)).toBeUndefined();
});
