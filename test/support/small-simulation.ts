import 'reflect-metadata';
import { catalogue } from '../../apps/composition/catalogue.js';
import { runSimulation } from '../../apps/simulation/run-simulation.js';
import type { Scenario } from '../../apps/simulation/scenario.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { canonicalJson } from '../../libs/kernel/canonical-json.js';
import { createTestDatabase } from './test-database.js';
import { wholeLog } from './whole-log.js';

const { signal } = new AbortController();

interface Play {
  seed?: number;
  scale?: number;
}

/** Plays a scenario on a database of its own. @returns it with what it stored, comparable with another run */
export async function playSmall(scenario: Scenario, { seed = 1, scale = 1 }: Play = {}) {
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
