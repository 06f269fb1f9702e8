import { reactorsOf, type Worker } from '../../apps/composition/workers.js';
import { isTransient } from '../../libs/kernel/transient.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import { Projector } from '../../libs/projections/projector.js';
import { LogTail } from '../../libs/subscriptions/log-tail.js';
import type { TestGatehouse } from './gatehouse.js';

/** A log that shows its newest events to nobody yet. */
class HeldLog extends LogTail {
  /** How many of the newest positions are held back. */
  held = 0;

  override async head(): Promise<number> {
    return Math.max(0, (await super.head()) - this.held);
  }

  override async readAll(...asked: Parameters<LogTail['readAll']>) {
    const page = await super.readAll(...asked);
    const head = await this.head();
    const events = page.events.filter(({ position }) => position <= head);
    return { ...page, events, next: Math.min(page.next, head) };
  }
}

/** One consumer, or all views, of a backend without background work. It processes nothing until it is run. */
export interface HeldBack {
  name: string;
  /** Processes all but the newest positions. @returns false if it had to stop earlier, at what it waits for itself */
  run(held: number): Promise<boolean>;
}

/** Lets all of them process everything, until none stores anything new. */
export async function releaseAll({ runtime: { store } }: TestGatehouse, workers: readonly HeldBack[]): Promise<void> {
  for (let before = -1, isDone = false; !isDone; ) {
    const done: boolean[] = [];
    for (const worker of workers) done.push(await worker.run(0));
    const head = await store.head();
    isDone = head === before && done.every(Boolean);
    before = head;
  }
}

/**
 * Each consumer, and the views, of a backend: none proceeds unless it is run, and then only as far as it is let. They own
 * what they process from then on, so `settle` of the backend would do nothing.
 */
export function heldBack({ runtime }: TestGatehouse): HeldBack[] {
  const worker = (name: string, of: (log: LogTail) => Worker): HeldBack => {
    const log = new HeldLog(runtime.store);
    const work = of(log);
    const run = async (held: number) => {
      log.held = held;
      try {
        await work.processAll();
        return true;
      } catch (error) {
        if (!isTransient(error)) throw error;
        return false;
      }
    };
    return { name, run };
  };
  const { pool, catalogue, locks, rebuilder, viewReader } = runtime;
  const views = (log: LogTail) =>
    new Projector(pool, log, catalogue.views, locks, rebuilder, { page: viewReader.moved });
  const names = reactorsOf(runtime, new Metrics()).map(({ name }) => name);
  const reactors = names.map((name, n) => worker(name, (log) => reactorsOf({ ...runtime, log }, new Metrics())[n]!));
  return [worker('views', views), ...reactors];
}
