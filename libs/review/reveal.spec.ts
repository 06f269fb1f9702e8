import { expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { caseStream } from './case.js';
import type { CaseEvent } from './events.js';
import { checkReveal } from './reveal.js';

const NOW = Date.UTC(2022, 4, 19);
const opened: CaseEvent = {
  type: 'CaseOpened',
  data: {
    ...{ caseId: 'img-1', imageId: 'img-1', accountId: 'acc-1', round: 1, panelSize: 2 },
    ...{ flagId: 'flag-1', flaggedBy: 'acc-9', categories: [], flaggedAt: '2022-05-19T00:00:00Z' },
  },
};
const claimed = (reviewer: string, ms: number): CaseEvent => ({
  type: 'CaseClaimed',
  data: { caseId: 'img-1', reviewer, until: new Date(NOW + ms).toISOString() },
});
const judged: CaseEvent = { type: 'VerdictGiven', data: { caseId: 'img-1', reviewer: 'rita', verdict: 'unsafe' } };
const check = (facts: object, ...events: CaseEvent[]) =>
  checkReveal(fold(caseStream, events), { caseId: 'img-1', reviewer: 'rita', now: NOW }, facts);

it('lets the reviewer read who holds the claim', () => {
  expect(() => check({}, opened, claimed('rita', 1))).not.toThrow();
});

it.each<[string, string, object, CaseEvent[]]>([
  ['without a claim', 'case-not-claimed', {}, [opened]],
  ['whose claim has ended', 'case-not-claimed', {}, [opened, claimed('rita', 0)]],
  ['while another holds the claim', 'case-not-claimed', {}, [opened, claimed('rob', 1)]],
  ['who has given a verdict', 'case-not-claimed', {}, [opened, claimed('rita', 1), judged]],
  ['of an unknown case', 'case-unknown', {}, []],
  ['whose image it turned out to be', 'own-image', { owner: 'rita' }, [opened, claimed('rita', 1)]],
  ['who has flagged since', 'own-flag', { notedRounds: new Map([['rita', 1]]) }, [opened, claimed('rita', 1)]],
  ['while a flag can’t be processed', 'case-parked', { isCaseParked: true }, [opened, claimed('rita', 1)]],
])('refuses a reviewer %s', (_, code, facts, events) => {
  expect(() => check(facts, ...events)).toThrow(expect.objectContaining({ code }));
});
