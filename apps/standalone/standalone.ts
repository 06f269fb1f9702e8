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
  /** Does something while the views follow the log, and waits until they have what it stored. */
  projecting<Result>(work: () => Promise<Result>): Promise<Result>;
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
  return {
    ...role,
    async settle() {
      await settle(workers, role.runtime);
      for (const one of derived) await one.processAll();
    },
    projecting: (work) => projecting(workers[0]!, role.runtime, work),
  };
}

async function settle([projector, ...reactors]: readonly Worker[], runtime: Runtime): Promise<void> {
  const { store } = runtime;
  for (let before = -1, head = await store.head(); head !== before; head = await store.head()) {
    before = head;
    await projector!.processAll();
    // A reactor may wait until a view includes what the reactor itself stored.
    const react = async () => {
      for (const reactor of reactors) await reactor.processAll();
    };
    await projecting(projector!, runtime, react, head);
  }
}

/** @param from how far the views are */
async function projecting<Result>(
  projector: Worker,
  { store }: Runtime,
  work: () => Promise<Result>,
  from = -1,
): Promise<Result> {
  const done = new AbortController();
  const project = async () => {
    for (let projected = from; ; await pause(LOOK_MS, done.signal)) {
      const isLast = done.signal.aborted;
      const grown = await store.head();
      if (grown !== projected) await projector.processAll();
      projected = grown;
      if (isLast) return;
    }
  };
  const [result, projection] = await Promise.allSettled([work().finally(() => done.abort()), project()]);
  // Only now: what one left running would take the other's checkpoints from the next call.
  if (result.status === 'rejected') throw result.reason;
  if (projection.status === 'rejected') throw projection.reason;
  return result.value;
}
