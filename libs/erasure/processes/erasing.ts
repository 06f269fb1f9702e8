import { addressesOf, settleErased } from '../../account/index.js';
import type { ContextPorts, Schedule } from '../../context/context.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { Refusal } from '../../kernel/errors.js';
import type { ErasureHolds } from '../../platform/personal-data/erasure-holds.js';
import { formerKeysUntil } from '../../platform/personal-data/open-key-store.js';
import { processesWithKeys } from '../../platform/process/living-processes.js';
import { onceBuilt, queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../../review/index.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { backupExpiry } from '../backup-expiry.js';
import { completeErasure, erasureStream, startErasure } from '../erasure.js';
import { keysStream, noteDestroyed } from '../keys.js';
import { keysOfPerson } from '../queries/keys-of-person.js';
import { erasuresView } from '../views/erasures.js';

export const ERASING = 'erasing';
const TICK_MS = 5_000;
/** Erasures of one tick share a root file. */
const MAX_AT_ONCE = 100;

const DUE = `SELECT person FROM ${viewTable(erasuresView)}
  WHERE status IN ('requested', 'started') AND due_at <= to_timestamp($1::float8 / 1000)
  ORDER BY due_at, person`;

type Ports = Pick<
  ContextPorts,
  'pool' | 'store' | 'transactor' | 'clock' | 'logger' | 'settings' | 'personKeys' | 'quarantine' | 'viewReader'
> & { holds: ErasureHolds };

/**
 * Carries out the erasures that are due: destroys the keys, and completes an erasure once every living process has dropped
 * them. Each step is recorded in the person's stream, and repeating one changes nothing.
 */
export class Erasing implements Schedule {
  constructor(private readonly ports: Ports) {}

  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const failed = onceBuilt((error) =>
      this.ports.logger.warn({ err: error }, 'erasures could not be carried out; this is retried'),
    );
    const tick = (ends: AbortSignal) => this.tick(ends);
    await runPeriodically({ name: ERASING, everyMs: TICK_MS, tick, failed }, signal, locks);
  }

  async tick(signal?: AbortSignal): Promise<void> {
    const { pool, store, viewReader, clock, settings } = this.ports;
    const head = await store.head();
    const { rows } = await queryView(pool, { text: DUE, values: [clock.now()] });
    // It names the images whose keys are destroyed. The next tick sees what was flagged meanwhile, and `late-erasing` what is later.
    if (rows.length > 0) await viewReader.reached(casesView, head, settings.decisionWaitMs);
    const started: string[] = [];
    for (const { person } of rows) {
      if (signal?.aborted || started.length === MAX_AT_ONCE) break;
      if (await this.start(person)) started.push(person);
    }
    if (started.length > 0) await this.carryOutAll(started);
  }

  /** Together, or one by one if that fails: a damaged file concerns the people whose keys are in it and nobody else. */
  private async carryOutAll(people: readonly string[]): Promise<void> {
    try {
      await this.carryOut(people);
    } catch (error) {
      if (people.length === 1) throw error;
      let failure: unknown;
      for (const person of people) {
        try {
          await this.carryOut([person]);
        } catch (why) {
          failure ??= why;
        }
      }
      if (failure) throw failure;
    }
  }

  /** @returns whether it is started and not complete */
  private async start(person: string): Promise<boolean> {
    const { transactor, clock, holds } = this.ports;
    const { state } = await transactor.load(erasureStream, person);
    if (state.status !== 'requested') return state.status === 'started';
    try {
      await holds.refuseHeld(person);
    } catch (error) {
      // It is started once the hold is lifted.
      if (error instanceof Refusal) return false;
      throw error;
    }
    const { state: after } = await transactor.transact(erasureStream, person, by(person), (current) =>
      startErasure(current, person, clock.now()),
    );
    return after.status === 'started';
  }

  private async carryOut(people: readonly string[]): Promise<void> {
    const { pool, personKeys, transactor, clock, settings, quarantine } = this.ports;
    // While their addresses can be read.
    for (const person of people) await quarantine.discardNaming(await this.namesOf(person), ERASING);
    const names = (await Promise.all(people.map((person) => keysOfPerson(pool, person)))).flat();
    const keyEpoch = await personKeys.destroy({ names });
    await transactor.transact(keysStream, undefined, by(people[0]!), (state) =>
      noteDestroyed(state, { keyEpoch, people: [...people] }),
    );
    const living = await processesWithKeys(pool);
    if (living.some((one) => one.keyEpoch === null || one.keyEpoch < keyEpoch)) return;
    for (const person of people) {
      // What arrived meanwhile.
      await quarantine.discardNaming([person], ERASING);
      await settleErased(transactor, person, { by: by(person), recognisesDeactivated: settings.recogniseErased });
      const expiry = backupExpiry(clock.now(), await formerKeysUntil(pool), settings);
      const done = { person, keyEpoch, processes: living.length, ...expiry };
      await transactor.transact(erasureStream, person, by(person), (state) => completeErasure(state, done));
    }
  }

  /** The person's id and every address that they gave. */
  private async namesOf(person: string): Promise<string[]> {
    const { store, personKeys } = this.ports;
    return [person, ...(await addressesOf(store, personKeys, person))];
  }
}

const by = (person: string): CommandContext => ({ actor: { kind: 'process', id: ERASING }, correlationid: person });
