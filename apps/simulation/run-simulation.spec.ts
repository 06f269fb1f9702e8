import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { canonicalJson } from '../../libs/kernel/canonical-json.js';
import { createTestDatabase } from '../../test/support/test-database.js';
import { wholeLog } from '../../test/support/whole-log.js';
import { catalogue } from '../composition/catalogue.js';
import { runSimulation } from './run-simulation.js';
import type { Scenario } from './scenario.js';
import { atTheLimit, badCohort, beta, preview2022, reviewBacklog } from './scenarios.js';

const { signal } = new AbortController();

interface Play {
  seed?: number;
  scale?: number;
}

async function play(scenario: Scenario, { seed = 1, scale = 1 }: Play = {}) {
  const database = await createTestDatabase();
  try {
    const simulation = await runSimulation(database.connection, scenario, { seed, scale, signal });
    return { ...simulation, log: await comparable(database.connection) };
  } finally {
    await database.drop();
  }
}

const OWN = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}|sealed:[^"]*/g;

/** What is the same for the same seed: of each stream, types, subjects, data and virtual times in their order, but no ids and secrets. */
async function comparable(connection: ConstructorParameters<typeof PostgresEventStore>[0]): Promise<string[]> {
  const store = new PostgresEventStore(connection, catalogue.stored);
  try {
    const events = await wholeLog(store);
    return events
      .map(({ stream, revision, type, recordedAt, data, metadata }) =>
        canonicalJson({
          ...{ stream, revision: String(revision).padStart(9, '0'), type, recordedAt, data },
          ...{ subject: metadata.subject ?? null, time: metadata.time ?? null },
        } as never).replace(OWN, 'own'),
      )
      .sort();
  } finally {
    await store.close();
  }
}

const missed = ({ checks }: Awaited<ReturnType<typeof play>>) => checks.filter(({ isMet }) => !isMet);

describe('a simulated rollout', () => {
  it('stores the same for the same seed, and something else for another', async () => {
    const scenario = { ...badCohort, days: 3, stepHours: 12 as const };
    const [one, same, other] = [await play(scenario), await play(scenario), await play(scenario, { seed: 2 })];
    expect(same).toEqual(one);
    expect(other.log).not.toEqual(one.log);
    expect(one.log.filter((line) => line.includes('"ContentFlagged"')).length).toBeGreaterThan(0);
  });

  it('brakes for a cohort with ten times the rate of the others, and then nobody comes in', async () => {
    const found = await play({ ...badCohort, days: 22 });
    expect(missed(found)).toEqual([]);
    const braked = found.days.findIndex(({ inForce }) => inForce === 'brake');
    expect(new Set(found.days.slice(braked).map(({ people }) => people)).size).toBe(1);
  });

  it('holds while a backlog grows, and brakes once more than three days of work wait', async () => {
    const found = await play({ ...reviewBacklog, days: 18 });
    expect(missed(found)).toEqual([]);
    const braked = found.days.find(({ inForce }) => inForce === 'brake')!;
    expect(braked.backlog).toBeGreaterThan(3 * braked.supplyPerDay!);
    const before = found.days[braked.day - 2]!;
    expect(before.backlog).toBeLessThanOrEqual(3 * (before.supplyPerDay ?? Number.POSITIVE_INFINITY));
  });

  it('supports no raise at the limit', async () => {
    expect(missed(await play({ ...atTheLimit, days: 30 }))).toEqual([]);
  });

  it('lands in the bands of the published preview, at a two-hundredth of its size', async () => {
    const found = await play(preview2022, { scale: 0.005 });
    expect(missed(found)).toEqual([]);
    expect(Math.abs(found.days.at(-1)!.images / 15_000 - 1)).toBeLessThan(0.05);
    expect(found.mostPerWeek).toBe(5);
  });

  it('plays the first days of a beta at a small scale, too early for a raise', async () => {
    const expects = { ...beta.expects, expands: false };
    expect(missed(await play({ ...beta, days: 14, expects }, { scale: 0.0005 }))).toEqual([]);
  });

  it('raises the rate once the gate supports it, and lets nobody in beyond the rate then in force', async () => {
    const [people] = atTheLimit.people;
    const found = await play({
      ...atTheLimit,
      people: [{ ...people!, violationRate: people!.violationRate / 10 }],
      ...{ days: 42, raises: [140] },
      arrivals: { atStart: 500, perWeek: 0 },
      expects: { brakes: false, expands: true, withinRate: true },
    });
    expect(missed(found)).toEqual([]);
    expect(found.rates.map(({ perWeek }) => perWeek)).toEqual([70, 140]);
    expect(found.mostPerWeek).toBeGreaterThan(70);
  });
});
