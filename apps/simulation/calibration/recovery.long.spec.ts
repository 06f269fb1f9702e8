import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../../test/support/test-database.js';
import { runSimulation } from '../run-simulation.js';
import type { Scenario } from '../scenario.js';
import type { Calibration } from './fitted.js';
import { readCalibration } from './read-calibration.js';

const { signal } = new AbortController();
const USES = { imagesPerWeek: 14, activityByWeek: [1.5, 1, 0.5], sharedShare: 0.5, downloadedShare: 0.3 };

/** With enough of everything that it can be fitted, and a gate that nothing stops. */
const known: Scenario = {
  ...{
    name: 'known',
    title: 'Known parameters',
    startsAt: '2022-05-18T00:00:00Z',
    days: 28,
    stepHours: 24,
    perWeek: 56,
  },
  gate: { limit: 0.4, labelDelayDays: 5, recallLower: 0.8, brakingDays: 365, silenceDays: 30 },
  arrivals: { atStart: 100, perWeek: 56 },
  people: [
    { class: 'artists', share: 1, ...USES, violationRate: 0.05 },
    { class: 'general', share: 3, ...USES, violationRate: 0.01 },
  ],
  detection: { recall: 0.8, falseAlarmRate: 0.02, byUsers: 0.4, delayDays: 1 },
  reviewers: { people: 2, casesPerDay: 3, accuracy: 1 },
};

async function fitted(scenario: Scenario, seed: number): Promise<Calibration> {
  const database = await createTestDatabase();
  try {
    let calibration: Calibration | undefined;
    await runSimulation(database.connection, scenario, {
      ...{ seed, scale: 1, signal },
      async atEnd(client) {
        calibration = await readCalibration({ client }, { history: 12, weeks: 2 });
        expect(await readCalibration({ client }, { history: 12, weeks: 2 })).toEqual(calibration);
      },
    });
    return calibration!;
  } finally {
    await database.drop();
  }
}

describe('what was fitted to a simulated history', () => {
  it('has the known parameters in its intervals', async () => {
    const { parameters, scenario, perWeek } = await fitted(known, 1);
    const found = Object.fromEntries(parameters.map((one) => [one.parameter, one]));
    const truth: Record<string, number> = {
      'arrivals.perWeek': 56,
      'people.artists.share': 0.25,
      'people.general.share': 0.75,
      'people.artists.sharedShare': 0.5,
      'people.general.sharedShare': 0.5,
      'people.artists.downloadedShare': 0.3,
      'people.general.downloadedShare': 0.3,
      'people.artists.violationRate': 0.05,
      'people.general.violationRate': 0.01,
      // Of images that violate nothing.
      'detection.falseAlarmRate': 0.02,
      'detection.byUsers': 0.4,
      'detection.delayDays': 1,
      'reviewers.casesPerDay': 3,
    };
    const outside = Object.entries(truth).filter(([name, value]) => {
      const { low, high } = found[name]!;
      return !(low! <= value && value <= (high ?? Number.POSITIVE_INFINITY));
    });
    // One of thirteen may miss its 95%.
    expect(outside.length).toBeLessThanOrEqual(1);
    expect(found['detection.recall']).toMatchObject({ value: 0.8, source: 'set' });
    expect(found['reviewers.people']).toMatchObject({ value: 2, source: 'fitted' });
    expect(found['reviewers.casesPerDay']).toMatchObject({ source: 'fitted' });
    expect(found['people.violatorShare']).toMatchObject({ value: 1, source: 'assumed' });
    expect(perWeek).toBe(56);
    // How active people are, in images a week.
    const general = scenario.people.find((one) => one.class === 'general')!;
    const activity = general.activityByWeek!;
    for (const [week, multiple] of USES.activityByWeek.entries()) {
      const images = general.imagesPerWeek * activity[Math.min(week, activity.length - 1)]!;
      expect(images / (USES.imagesPerWeek * multiple)).toBeGreaterThan(0.9);
      expect(images / (USES.imagesPerWeek * multiple)).toBeLessThan(1.1);
    }
  });
});
