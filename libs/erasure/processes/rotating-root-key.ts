import type { ContextPorts, Schedule } from '../../context/context.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { processesWithKeys } from '../../platform/process/living-processes.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { completeRotation, rootKeyStream } from '../root-key.js';

const ROTATING = 'rotating-root-key';
const TICK_MS = 5_000;

type Ports = Pick<ContextPorts, 'pool' | 'transactor' | 'logger' | 'personKeys'>;

/**
 * Carries out a rotation of the root key that was requested, and completes it once every living process uses the new one. Repeating a
 * step changes nothing, so that another process ends what one has left.
 */
export class RotatingRootKey implements Schedule {
  constructor(private readonly ports: Ports) {}

  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const failed = (error: unknown) =>
      this.ports.logger.warn({ err: error }, 'the root key could not be rotated; this is retried');
    await runPeriodically({ name: ROTATING, everyMs: TICK_MS, tick: () => this.tick(), failed }, signal, locks);
  }

  async tick(): Promise<void> {
    const { pool, transactor, personKeys } = this.ports;
    const { rotationId } = (await transactor.load(rootKeyStream, undefined)).state;
    if (rotationId === undefined) return;
    const keyEpoch = await personKeys.store.rotate(rotationId);
    const living = await processesWithKeys(pool);
    if (living.some((one) => one.keyEpoch === null || one.keyEpoch < keyEpoch)) return;
    const { keeper } = personKeys.store.rootKey;
    const context: CommandContext = { actor: { kind: 'process', id: ROTATING }, correlationid: rotationId };
    await transactor.transact(rootKeyStream, undefined, context, (state) =>
      completeRotation(state, { rotationId, keeper, keyEpoch, processes: living.length }),
    );
  }
}
