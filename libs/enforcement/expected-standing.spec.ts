import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AccountStanding, accountStream, imposeMeasures, NO_CONSEQUENCES } from '../account/index.js';
import { DAY_MS } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { type ConfirmedViolation, outcomeFor } from './confirmed-violation.js';
import { expectedStanding } from './expected-standing.js';
import type { Ladder, LadderEntry } from './ladder.js';

const AT = Date.parse('2022-05-18T09:00:00Z');
const accountId = 'acc';
const LADDERS: LadderEntry[][] = [
  [],
  [
    {
      strikeDays: 3,
      steps: [
        { strikes: 1, measure: 'restrict', action: 'share', days: 2 },
        { strikes: 2, measure: 'suspend', days: 1 },
        { strikes: 4, measure: 'deactivate' },
      ],
    },
  ],
  [
    {
      steps: [
        { strikes: 1, measure: 'strike' },
        { strikes: 3, measure: 'suspend', days: 5 },
      ],
    },
    { clause: 'severe', strikeDays: 1, steps: [{ strikes: 1, measure: 'deactivate' }] },
  ],
];
const violations = fc.array(
  fc.record({ day: fc.nat(9), clause: fc.constantFrom('severe', 'violent', undefined), nth: fc.nat(30) }),
  { maxLength: 40 },
);

/** One decision after the other, as the consumer takes them. */
const oneByOne = (standing: AccountStanding, pending: ConfirmedViolation[], ladder: Ladder): AccountStanding =>
  pending.reduce(
    (state, violation) =>
      fold(accountStream, imposeMeasures(state, violation, outcomeFor(violation, state, ladder).measures), state),
    standing,
  );

const sorted = ({ consequences = NO_CONSEQUENCES, ...standing }: AccountStanding) => ({
  ...standing,
  ...Object.fromEntries(
    Object.entries(consequences).map(([kind, some]) => [kind, some.map((one: object) => JSON.stringify(one)).sort()]),
  ),
});

it('is what enforcing the violations one by one leads to', () => {
  fc.assert(
    fc.property(violations, violations, fc.constantFrom(...LADDERS), (earlier, later, entries) => {
      const ladder: Ladder = { versions: [{ position: 0, entries }] };
      const toViolation = ({ day, clause, nth }: (typeof earlier)[number], n: number): ConfirmedViolation => ({
        accountId,
        caseId: `case-${nth}`,
        imageId: `case-${nth}`,
        categories: [],
        clause,
        position: n + 1,
        at: AT + day * DAY_MS,
      });
      const before = oneByOne(accountStream.initial, earlier.map(toViolation), ladder);
      const pending = later.map(toViolation);
      expect(sorted(expectedStanding(before, pending, ladder))).toEqual(sorted(oneByOne(before, pending, ladder)));
    }),
    { numRuns: 300, seed: 20220518 },
  );
});

it('counts no more strikes than a ladder has steps for', () => {
  const ladder: Ladder = {
    versions: [
      {
        position: 0,
        entries: [
          {
            steps: [
              { strikes: 1, measure: 'strike' },
              { strikes: 100, measure: 'deactivate' },
            ],
          },
        ],
      },
    ],
  };
  const pending = Array.from({ length: 20_000 }, (_, n) => ({
    accountId,
    caseId: `c-${n}`,
    imageId: `c-${n}`,
    categories: [],
    position: n + 1,
    at: AT,
  }));
  const { consequences } = expectedStanding(accountStream.initial, pending, ladder);
  expect([consequences?.strikes.length, consequences?.deactivations.length]).toEqual([20_000, 19_901]);
});
