import { describe, expect, it } from '@jest/globals';
import { checksOf } from './expectations.js';
import { beta } from './scenarios.js';

const WHAT = 'people onboarded in a week';

function checkOfRate(fullestWeek: { day: number; people: number; perWeek: number }, withinRate = true) {
  const scenario = { ...beta, expects: { withinRate } };
  const simulation = { scenario, seed: 1, scale: 1, days: [], moves: [], rates: [], mostPerWeek: 0, fullestWeek };
  return checksOf(simulation);
}

describe('the people of seven days', () => {
  it('are as expected up to the rate that was in force at their end', () => {
    expect(checkOfRate({ day: 28, people: 50_000, perWeek: 50_000 })).toEqual([
      {
        what: WHAT,
        expected: 'never more than the rate then in force',
        found: '50000 at a rate of 50000 (day 28)',
        isMet: true,
      },
    ]);
  });

  it('are not as expected beyond it, whatever later rates allow', () => {
    expect(checkOfRate({ day: 28, people: 50_001, perWeek: 50_000 })).toMatchObject([{ isMet: false }]);
    expect(checkOfRate({ day: 28, people: 50_001, perWeek: 50_000 }, false)).toMatchObject([{ isMet: true }]);
  });

  it('are not compared if nothing is expected', () => {
    const simulation = { scenario: { ...beta, expects: {} }, seed: 1, scale: 1, days: [], moves: [], rates: [] };
    expect(checksOf({ ...simulation, mostPerWeek: 9, fullestWeek: { day: 1, people: 9, perWeek: 1 } })).toEqual([]);
  });
});

it('counts only moves of the run itself', () => {
  const fullestWeek = { day: 1, people: 9, perWeek: 1 };
  const scenario = { ...beta, expects: { brakes: false, expands: true, brakesFor: 'cohort-harm' as const } };
  const found = (moves: { day: number; outcome: string; reasons: string[] }[]) =>
    checksOf({ scenario, seed: 1, scale: 1, days: [], moves, rates: [], mostPerWeek: 0, fullestWeek }).map(
      (check) => check.found,
    );
  const brake = { outcome: 'brake', reasons: ['cohort-harm'] };
  expect(found([{ day: 0, ...brake }])).toEqual(['no', 'no', 'nothing']);
  expect(
    found([
      { day: 0, outcome: 'expand', reasons: [] },
      { day: 1, ...brake },
    ]),
  ).toEqual(['yes', 'no', 'cohort-harm']);
});
