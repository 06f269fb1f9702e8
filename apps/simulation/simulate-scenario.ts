import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../../libs/cli/session.js';
import { startEmbeddedPostgres } from '../../libs/platform/embedded-postgres/embedded-postgres.js';
import { readScenario } from './read-scenario.js';
import { runSimulation, type SimulationOptions } from './run-simulation.js';
import type { Scenario } from './scenario.js';
import type { Simulation } from './simulation.js';

/** No data outlives the run, so it trades every safety for speed. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

export interface ScenarioOptions {
  /** A known one, or a file. */
  scenario: string;
  seed: number;
  scale: number;
}

/** Plays a known scenario or one of a file. @throws InvalidInput, StartFailure */
export async function simulateScenario(
  { progress, signal }: Session,
  { scenario: named, seed, scale }: ScenarioOptions,
): Promise<Simulation> {
  const scenario = await readScenario(named);
  progress.start('simulated days', scenario.days);
  try {
    return await playScenario(scenario, { seed, scale, signal, onDay: (day) => progress.update(day) });
  } finally {
    progress.end();
  }
}

/** Plays a scenario on a database server of its own, which is removed at the end. @throws StartFailure */
export async function playScenario(scenario: Scenario, options: SimulationOptions): Promise<Simulation> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-simulated-'));
  try {
    const server = await startEmbeddedPostgres({ directory, settings: SETTINGS, signal: options.signal });
    try {
      return await runSimulation(server.connection, scenario, options);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
