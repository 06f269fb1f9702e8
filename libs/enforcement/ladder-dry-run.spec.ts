import { expect, it } from '@jest/globals';
import { DAY_MS } from '../kernel/clock.js';
import type { LadderEntry } from './ladder.js';
import { dryRun, type EnforcedCase } from './ladder-dry-run.js';

const AT = Date.parse('2022-05-18T09:00:00Z');
const deactivated = (caseId: string, accountId: string, day: number): EnforcedCase => ({
  caseId,
  accountId,
  at: AT + day * DAY_MS,
  actual: { measure: 'deactivate' },
});
const entries: LadderEntry[] = [
  {
    strikeDays: 30,
    steps: [
      { strikes: 1, measure: 'strike' },
      { strikes: 2, measure: 'deactivate' },
    ],
  },
];
const all = () => true;

it('names the cases that would have been treated differently, counting strikes until they expire', () => {
  const cases = [
    deactivated('a-1', 'a', 0),
    deactivated('b-1', 'b', 1),
    deactivated('a-2', 'a', 10),
    deactivated('a-3', 'a', 60),
  ];
  const differences = dryRun(cases, entries, all);
  expect(differences.map(({ caseId, would }) => [caseId, would.measure])).toEqual([
    ['a-1', 'strike'],
    ['b-1', 'strike'],
    ['a-3', 'strike'],
  ]);
});

it('counts strikes of earlier cases that are not compared', () => {
  const cases = [deactivated('a-1', 'a', 0), deactivated('a-2', 'a', 10)];
  expect(dryRun(cases, entries, ({ caseId }) => caseId === 'a-2')).toEqual([]);
});

it('finds no difference under the ladder that was applied', () => {
  expect(dryRun([deactivated('a-1', 'a', 0)], [], all)).toEqual([]);
  const week: EnforcedCase = { ...deactivated('a-1', 'a', 0), actual: { measure: 'suspend', days: 7 } };
  const suspending = (days: number): LadderEntry[] => [{ steps: [{ strikes: 1, measure: 'suspend', days }] }];
  expect(dryRun([week], suspending(7), all)).toEqual([]);
  expect(dryRun([week], suspending(8), all)).toHaveLength(1);
});
