import { coalesced } from '../../libs/kernel/coalesced.js';
import { logConsumers } from '../../libs/operations/index.js';
import type { Metrics } from '../../libs/platform/metrics/metrics.js';
import type { ReactorProgress } from '../../libs/subscriptions/checkpoints.js';
import type { Runtime } from './runtime.js';

/** Reports the log's head, each consumer's checkpoint and parked keys, and the quarantine. Every process reports the same values. */
export function followLog(
  { passedOver, store, pool, quarantine, settings, catalogue }: Runtime,
  metrics: Metrics,
): void {
  // Read once for all gauges of a scrape, and apart: an event store that is away hides no parked key.
  const head = coalesced(() => store.head());
  const consumers = coalesced(() => logConsumers(pool, catalogue.views, settings));
  const byConsumer = (all: Awaited<ReturnType<typeof consumers>>, amountOf: (one: ReactorProgress) => number) =>
    [...all.progress].map(([consumer, one]) => ({ labels: { consumer }, value: amountOf(one) }));

  metrics.readGauge('log_head_position', 'Position of the newest event in the log', [], async () => [
    { value: await head() },
  ]);
  metrics.counter(
    'log_passed_over_events_total',
    'Events in the event store that are not ours and that this process passed over',
    ['where'],
    (passed) => {
      passed.reset();
      for (const [where, events] of Object.entries(passedOver)) passed.inc({ where }, events);
    },
  );
  metrics.readGauge('consumer_position', 'Checkpoint of a view, a reactor or the publisher', ['consumer'], async () =>
    byConsumer(await consumers(), ({ position }) => position),
  );
  metrics.readGauge(
    'consumer_finished_events',
    'Events that a reactor has finished beyond the oldest unfinished one, where its checkpoint is',
    ['consumer'],
    async () => byConsumer(await consumers(), ({ finished }) => finished),
  );
  metrics.readGauge(
    'consumer_lag_positions',
    'Positions between the checkpoint and the head of the log: events, or bytes of the log of an EventStoreDB',
    ['consumer'],
    async () => {
      const [newest, all] = await Promise.all([head(), consumers()]);
      return byConsumer(all, ({ position }) => Math.max(0, newest - position));
    },
  );
  metrics.readGauge(
    'consumer_parked_keys',
    'Keys that are parked because an event could not be processed',
    ['consumer'],
    async () => {
      const { parked } = await consumers();
      const names = [...new Set(parked.map(({ consumer }) => consumer))];
      return names.map((consumer) => ({
        labels: { consumer },
        value: parked.filter((one) => one.consumer === consumer).length,
      }));
    },
  );
  metrics.readGauge('quarantined_events', 'Events that wait in quarantine', ['reason'], async () =>
    Object.entries(await quarantine.waiting()).map(([reason, value]) => ({ labels: { reason }, value })),
  );
}
