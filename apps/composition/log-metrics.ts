import type { Gauge } from 'prom-client';
import type { Metrics } from '../../libs/platform/metrics/metrics.js';
import { logConsumers } from './log-consumers.js';
import type { Runtime } from './runtime.js';

/** The log's head, how far everything that follows it has got, what is parked and what waits in quarantine: the same in each process. */
export function followLog({ store, pool, quarantine, settings }: Runtime, metrics: Metrics): void {
  gauge('log_head_position', 'Position of the newest event', [], async (head) => head.set(await store.head()));
  gauge(
    'consumer_position',
    'Position that a view, a reaction or the publisher has passed',
    ['consumer'],
    async (all) => {
      for (const [consumer, position] of (await logConsumers(pool, settings)).positions)
        all.set({ consumer }, position);
    },
  );
  gauge('consumer_behind_positions', 'Distance from there to the head', ['consumer'], async (all) => {
    const head = await store.head();
    for (const [consumer, position] of (await logConsumers(pool, settings)).positions)
      all.set({ consumer }, Math.max(0, head - position));
  });
  gauge('parked_keys', 'Keys whose event could not be taken', ['consumer'], async (all) => {
    for (const { consumer: follower } of (await logConsumers(pool, settings)).parked) all.inc({ consumer: follower });
  });
  gauge('quarantined_events', 'Events in quarantine that wait for somebody', ['reason'], async (all) => {
    for (const [reason, count] of Object.entries(await quarantine.waiting())) all.set({ reason }, count);
  });

  /** While the stores are away a gauge has no value; the process's other metrics are still told. */
  function gauge(name: string, help: string, labels: string[], read: (gauge: Gauge) => Promise<void>): void {
    metrics.gauge({ name, help, labels }, async (one) => {
      one.reset();
      await read(one).catch(() => one.remove());
    });
  }
}
