import type { Gauge } from 'prom-client';
import { logConsumers } from '../../libs/operations/index.js';
import type { Metrics } from '../../libs/platform/metrics/metrics.js';
import type { Runtime } from './runtime.js';

/** Reports the log's head, each consumer's checkpoint and parked keys, and the quarantine. Every process reports the same values. */
export function followLog(
  { passedOver, store, pool, quarantine, settings, catalogue }: Runtime,
  metrics: Metrics,
): void {
  const consumers = () => logConsumers(pool, catalogue.views, settings);
  gauge('log_head_position', 'Position of the newest event in the log', [], async (head) =>
    head.set(await store.head()),
  );
  metrics.counter(
    'log_passed_over_events_total',
    'Events in the event store that are not ours and that this process passed over',
    ['where'],
    (passed) => {
      passed.reset();
      for (const [where, events] of Object.entries(passedOver)) passed.inc({ where }, events);
    },
  );
  gauge('consumer_position', 'Checkpoint of a view, a reactor or the publisher', ['consumer'], async (all) => {
    for (const [consumer, { position }] of (await consumers()).progress) all.set({ consumer }, position);
  });
  gauge(
    'consumer_finished_events',
    'Events that a reactor has finished beyond the oldest unfinished one, where its checkpoint is',
    ['consumer'],
    async (all) => {
      for (const [consumer, { finished }] of (await consumers()).progress) all.set({ consumer }, finished);
    },
  );
  gauge(
    'consumer_lag_positions',
    'Positions between the checkpoint and the head of the log: events, or bytes of the log of an EventStoreDB',
    ['consumer'],
    async (all) => {
      const head = await store.head();
      for (const [consumer, { position }] of (await consumers()).progress)
        all.set({ consumer }, Math.max(0, head - position));
    },
  );
  gauge(
    'consumer_parked_keys',
    'Keys that are parked because an event could not be processed',
    ['consumer'],
    async (all) => {
      for (const { consumer } of (await consumers()).parked) all.inc({ consumer });
    },
  );
  gauge('quarantined_events', 'Events that wait in quarantine', ['reason'], async (all) => {
    for (const [reason, count] of Object.entries(await quarantine.waiting())) all.set({ reason }, count);
  });

  /**
   * A gauge has no value while the stores are unavailable, so that the process's other metrics are still reported. One
   * without labels has a value again once it is reset.
   */
  function gauge(name: string, help: string, labels: string[], read: (gauge: Gauge) => Promise<void>): void {
    metrics.gauge(name, help, labels, async (one) => {
      one.reset();
      await read(one).catch(() => labels.length === 0 && one.remove());
    });
  }
}
