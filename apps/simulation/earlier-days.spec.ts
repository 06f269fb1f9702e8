import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import type { GateAnswer } from '../../libs/rollout/queries/show-gate.js';
import type { RolloutAnswer } from '../../libs/rollout/queries/show-rollout.js';
import { createTestDatabase } from '../../test/support/test-database.js';
import { runSimulation } from './run-simulation.js';
import type { Before, Scenario } from './scenario.js';

const { signal } = new AbortController();

/** Nobody does anything any more, so what is found at the end is what was brought about. */
const still: Scenario = {
  ...{ name: 'still', title: 'A state', startsAt: '2022-06-15T00:00:00Z', days: 1, stepHours: 24, perWeek: 14 },
  gate: { limit: 0.3 },
  arrivals: { atStart: 0, perWeek: 0 },
  people: [
    { class: 'general', share: 1, imagesPerWeek: 1e-9, sharedShare: 0.5, downloadedShare: 0, violationRate: 0 },
    { class: 'artists', share: 1, imagesPerWeek: 1e-9, sharedShare: 0.5, downloadedShare: 0, violationRate: 0 },
  ],
  before: {
    ...{ perWeek: 14, stage: { ordinal: 3, days: 20 }, waitingCases: 3 },
    people: [
      { class: 'general', week: 0, people: 6 },
      { class: 'artists', week: 7, people: 20 },
    ],
    waiting: [{ class: 'general', people: 30 }],
    exposures: [
      { class: 'general', daysAgo: 12, exposed: 40, flagged: 4, pending: 0, confirmed: 2 },
      { class: 'artists', daysAgo: 1, exposed: 50, flagged: 5, pending: 3, confirmed: 0 },
    ],
    reviews: [
      { daysAgo: 12, opened: 4, decided: 4 },
      { daysAgo: 1, opened: 5, decided: 2 },
    ],
  },
  detection: { recall: 1, falseAlarmRate: 0, byUsers: 0, delayDays: 1 },
  reviewers: { people: 1, casesPerDay: 0.001, accuracy: 1 },
};

async function played(scenario: Scenario, scale = 1) {
  const database = await createTestDatabase();
  try {
    let gate: GateAnswer | undefined;
    let rollout: RolloutAnswer | undefined;
    const simulation = await runSimulation(database.connection, scenario, {
      ...{ seed: 1, scale, signal },
      async atEnd(api) {
        gate = await api.get<GateAnswer>('/v1/gate');
        rollout = await api.get<RolloutAnswer>('/v1/rollout');
      },
    });
    return { simulation, gate: gate!, rollout: rollout! };
  } finally {
    await database.drop();
  }
}

it('begins with people, a line, cases and the evidence of the stage, the same each time', async () => {
  const { simulation, gate, rollout } = await played(still);
  const [day] = simulation.days;
  // Two more were confirmed violators, and the first two of the line came in.
  expect(day).toMatchObject({ people: 6 + 20 + 2 + 2, deactivated: 2, perWeek: 14, backlog: 3, exposed: 90 });
  expect(simulation.begin).toMatchObject({ day: 0, images: 90, flagged: { hits: 9 }, confirmed: { hits: 2 } });
  expect(rollout).toMatchObject({ waiting: 28, perWeek: 14 });
  expect(gate.stage).toMatchObject({ ordinal: 3, cause: 'detector-changed' });
  expect(gate.exposures).toMatchObject({ arrived: 90, exposures: 40, confirmed: 2, pending: 0 });
  expect((await played(still)).simulation).toEqual(simulation);
});

it('begins a stage if its rate is higher than that of before', async () => {
  const { gate } = await played({ ...still, perWeek: 28 });
  expect(gate.stage).toMatchObject({ ordinal: 4, cause: 'rate-raised' });
  expect(gate.exposures).toMatchObject({ arrived: 0 });
});

it('opens no case twice whose flag came later than its exposure', async () => {
  const { simulation, gate } = await played({
    ...still,
    before: {
      ...{ ...still.before!, waitingCases: 0 },
      exposures: [
        { class: 'general', daysAgo: 12, exposed: 40, flagged: 4, pending: 0, confirmed: 2 },
        { class: 'artists', daysAgo: 10, exposed: 50, flagged: 5, pending: 0, confirmed: 0 },
      ],
      reviews: [
        { daysAgo: 11, opened: 4, decided: 4 },
        { daysAgo: 9, opened: 5, decided: 5 },
      ],
    },
  });
  expect(simulation.days[0]).toMatchObject({ backlog: 0, exposed: 90, flagged: { hits: 9 } });
  expect(gate.exposures).toMatchObject({ arrived: 90, confirmed: 2, pending: 0 });
});

it('ends with the cases that wait, whatever came first and however small the scale', async () => {
  const before: Before = {
    ...{ ...still.before!, stage: { ordinal: 1, days: 40 }, waitingCases: 6 },
    exposures: [
      // Decided before all that is counted; flagged on another day than it was exposed; a flag that came first.
      { class: 'general', daysAgo: 28, exposed: 30, flagged: 9, pending: 1, confirmed: 2 },
      { class: 'general', daysAgo: 20, exposed: 30, flagged: 3, pending: 1, confirmed: 0 },
      { class: 'artists', daysAgo: 2, exposed: 20, flagged: 4, pending: 2, confirmed: 1 },
    ],
    reviews: [
      { daysAgo: 17, opened: 2, decided: 1 },
      { daysAgo: 5, opened: 3, decided: 2 },
      { daysAgo: 1, opened: 3, decided: 1 },
    ],
  };
  expect((await played({ ...still, before })).simulation.days[0]).toMatchObject({ backlog: 6 });
  // Half of five.
  const halved = (await played({ ...still, before: { ...before, waitingCases: 5 } }, 0.5)).simulation.days[0]!;
  expect([2, 3]).toContain(halved.backlog);
});

it('stays in its stage if fewer people are in than the rate lets in', async () => {
  const { gate } = await played({
    ...{ ...still, perWeek: 1000 },
    before: { ...still.before!, perWeek: 1000 },
  });
  expect(gate.stage).toMatchObject({ ordinal: 3, cause: 'detector-changed' });
});
