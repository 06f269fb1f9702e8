import { Ingest } from '../../libs/ingest/ingest.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import type { ProcessRole } from '../../libs/platform/process/living-processes.js';
import { type Role, startRole } from '../composition/role.js';
import type { RuntimeOptions } from '../composition/runtime.js';
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
import { FollowingViews } from './following-views.js';
import { Settling } from './settling.js';

export interface StandaloneOptions extends RuntimeOptions {
  /**
   * False: nothing runs in the background or in advance; the caller processes events with `settle`. For tests.
   * `views`: what stores no events follows the log on its own, and the caller has the reactors process them with `settle`.
   */
  background?: boolean | 'views';
  /** Ends `settle` and `projecting` while they wait for views that follow on their own. */
  signal?: AbortSignal;
}

/** Every role in one process. */
export interface Standalone extends Role {
  /**
   * Processes everything: resolves once views and reactors have reached the head and nothing new is stored, and leaves and the index of
   * subjects too, unless they follow on their own.
   */
  settle(): Promise<void>;
  /** Does something while the views follow the log, and waits until they have what it stored. */
  projecting<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** @throws StartFailure */
export async function startStandalone({
  background = true,
  signal,
  ...options
}: StandaloneOptions): Promise<Standalone> {
  let settling: Settling;
  let derived: Worker[] = [];
  const role = await startRole(options, async (runtime) => {
    const { settings } = runtime;
    const gateway = await composeGateway(runtime, { hasDocuments: background === true });
    const metrics = gateway.app.get(Metrics);
    const [projector, reactors] = [projectorOf(runtime, metrics), reactorsOf(runtime, metrics)];
    const following = [await leafLogOf(runtime, metrics), subjectIndexOf(runtime, metrics)];
    if (background === 'views') {
      const views = new FollowingViews(projector, runtime.viewReader, runtime.log, signal);
      settling = new Settling(views, reactors, runtime.log);
      return { ...gateway, roles: ['gateway', 'projector'], work: [projector, ...following] };
    }
    settling = new Settling(projector, reactors, runtime.log);
    derived = following;
    if (!background) return gateway;
    const work: { run(signal: AbortSignal): Promise<void> }[] = [projector, ...reactors, ...derived];
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
      await settling.settle();
      for (const one of derived) await one.processAll();
    },
    projecting: (work) => settling.projecting(work),
  };
}
