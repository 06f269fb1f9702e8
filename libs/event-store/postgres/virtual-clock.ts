import { type Clock, toIso } from '../../kernel/clock.js';
import type { Connection, Pool } from '../../platform/database/database.js';
import { StartFailure } from '../../platform/start-failure.js';
import { CLOCK_SETTING, VIRTUAL } from './virtual-clock-schema.js';

/** A connection whose sessions read the virtual clock of the database. */
export const onVirtualClock = (connection: Connection): Connection => ({
  ...connection,
  options: [connection.options, `-c ${CLOCK_SETTING}=${VIRTUAL}`].filter(Boolean).join(' '),
});

/**
 * The clock of a simulation: of its process and of what it stores. It moves only when it is moved, so that days pass without waiting
 * and the same run has the same times.
 */
export class VirtualClock implements Clock {
  private constructor(
    private readonly pool: Pick<Pool, 'query'>,
    private present: number,
  ) {}

  /**
   * Marks a database as a simulation for good.
   * @param at epoch milliseconds
   * @throws if its log has events, or it is a simulation already
   */
  static async begin(pool: Pick<Pool, 'query'>, at: number): Promise<VirtualClock> {
    await pool.query('SELECT log.begin_simulation($1)', [toIso(at)]);
    return new VirtualClock(pool, at);
  }

  now(): number {
    return this.present;
  }

  /** @param at epoch milliseconds @throws if that is earlier */
  async moveTo(at: number): Promise<void> {
    await this.pool.query('SELECT log.move_virtual_clock($1)', [toIso(at)]);
    this.present = at;
  }
}

const IS_SIMULATION = `SELECT EXISTS (SELECT FROM log.simulation) AS found, current_setting('${CLOCK_SETTING}', true) AS clock`;

/** @throws StartFailure `simulation-database` if a database is a simulation and the sessions of the pool don't read its clock */
export async function refuseSimulation(pool: Pick<Pool, 'query'>): Promise<void> {
  const [{ found, clock }] = (await pool.query(IS_SIMULATION)).rows;
  if (!found || clock === VIRTUAL) return;
  throw new StartFailure(
    'simulation-database',
    'the database is that of a simulation, whose events have times of a virtual clock: set GATEHOUSE_DATA or GATEHOUSE_DATABASE_URL to another',
  );
}
