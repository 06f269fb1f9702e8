import { Ingest } from '../../libs/ingest/ingest.js';
import { pause } from '../../libs/kernel/wait.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import type { ProcessRole } from '../../libs/platform/process/living-processes.js';
import { type Role, startRole } from '../composition/role.js';
import type { Runtime, RuntimeOptions } from '../composition/runtime.js';
import {
  ingesterOf,
  leafLogOf,
  projectorOf,
  publisherOf,
  reactorsOf,
  schedulesOf,
  subjectIndexOf,
  type Worker,
} from '../composition/workers.js';
import { composeGateway } from '../gateway/gateway.js';

export interface StandaloneOptions extends RuntimeOptions {
  /** False: nothing runs in the background or in advance; the caller processes events with `settle`. For tests. */
  background?: boolean;
}

/** Every role in one process. */
export interface Standalone extends Role {
  /** Processes everything: resolves once views, reactors, leaves and the index of subjects have reached the head and nothing new is stored. */
  settle(): Promise<void>;
}

/** How often `settle` asks whether the reactors have stored something. */
const LOOK_MS = 5;

/** @throws StartFailure */
export async function startStandalone({ background = true, ...options }: StandaloneOptions): Promise<Standalone> {
  let workers: Worker[] = [];
  let derived: Worker[] = [];
  const role = await startRole(options, async (runtime) => {
    const { settings } = runtime;
    const gateway = await composeGateway(runtime, { hasDocuments: background });
    const metrics = gateway.app.get(Metrics);
    workers = [projectorOf(runtime, metrics), ...reactorsOf(runtime, metrics)];
    derived = [await leafLogOf(runtime, metrics), subjectIndexOf(runtime, metrics)];
    if (!background) return gateway;
    const work: { run(signal: AbortSignal): Promise<void> }[] = [...workers, ...derived];
    const roles: ProcessRole[] = ['gateway', 'projector', 'reactor'];
    if (settings.scheduler) work.push(...schedulesOf(runtime));
    if (settings.kafkaBrokers.length > 0) {
      work.push(ingesterOf(runtime, metrics, gateway.app.get(Ingest)), publisherOf(runtime, metrics));
      roles.push('ingester', 'publisher');
    }
    return { ...gateway, roles, work };
  });
  const settleAll = async () => {
    await settle(workers, role.runtime);
    for (const one of derived) await one.processAll();
  };
  return { ...role, settle: settleAll };
}

async function settle([projector, ...reactors]: readonly Worker[], { store }: Runtime): Promise<void> {
  for (let before = -1, head = await store.head(); head !== before; head = await store.head()) {
    before = head;
    await projector!.processAll();
    const reacted = new AbortController();
    const react = async () => {
      for (const reactor of reactors) await reactor.processAll();
    };
    // A reactor may wait until a view includes what the reactor itself stored.
    const project = async () => {
      for (let projected = head; !reacted.signal.aborted; await pause(LOOK_MS, reacted.signal)) {
        const grown = await store.head();
        if (grown === projected) continue;
        await projector!.processAll();
        projected = grown;
      }
    };
    const ends = await Promise.allSettled([react().finally(() => reacted.abort()), project()]);
    // Only now: what one left running would take the other's checkpoints from the next call.
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}
