import { subjectIndexing } from '../../libs/history/index.js';
import type { Ingest } from '../../libs/ingest/ingest.js';
import { Ingester } from '../../libs/ingest/kafka/ingester.js';
import type { Metrics } from '../../libs/platform/metrics/metrics.js';
import { Projector } from '../../libs/projections/projector.js';
import {
  configuredPolicy,
  LeafLog,
  leavesOfStore,
  leavesOfTables,
  openProofSigners,
  originOf,
  WitnessFeed,
} from '../../libs/proof/index.js';
import { Publisher } from '../../libs/publish/kafka/publisher.js';
import { Ownership } from '../../libs/subscriptions/ownership.js';
import { logParked, logParkedEvent } from '../../libs/subscriptions/parked-log.js';
import { REACTOR_PREFIX, Reactor } from '../../libs/subscriptions/reactor.js';
import { failures } from './failures.js';
import { brokerOf } from './kafka-broker.js';
import type { Runtime } from './runtime.js';
import { ingestedTopics, topicTypes } from './topic-types.js';

/** Work that runs until the signal aborts; `processAll` processes everything stored so far. */
export interface Worker {
  run(signal: AbortSignal): Promise<void>;
  processAll(): Promise<void>;
}

/** Keeps the read models up to date. */
export function projectorOf(runtime: Runtime, metrics: Metrics): Projector {
  const { catalogue, pool, log, locks, rebuilder, viewReader, backpressure, logger } = runtime;
  const events = metrics.counter('projector_applied_events_total', 'Events applied to the read models');
  const errors = metrics.counter(
    'projector_errors_total',
    'Errors after which the projector restarted from its checkpoints',
  );
  const projector = new Projector(pool, log, catalogue.views, locks, rebuilder, {
    page(page, to) {
      events.inc(page.length);
      backpressure.noteProjected(to);
      viewReader.moved();
    },
    parked: (parking) => logParked(logger, parking),
    error: failures(errors, logger, 'the projector failed and restarts from its checkpoints'),
  });
  metrics.gauge('projector_owned_shards', 'Shards of the read models that this process owns', [], (gauge) =>
    gauge.set(projector.shardsOwned),
  );
  return projector;
}

/** Keeps the log of leaves and signs its checkpoints. @throws StartFailure if its key can't be used */
export async function leafLogOf(runtime: Runtime, metrics: Metrics): Promise<LeafLog> {
  const { settings, pool, store, log, locks, epoch, logger } = runtime;
  const grown = metrics.counter('proof_leaves_total', 'Leaves that this process has appended to the log of leaves');
  const errors = metrics.counter(
    'proof_errors_total',
    'Errors after which the log of leaves continued from what is stored',
  );
  const read = settings.eventstoreUrl ? leavesOfStore(store) : leavesOfTables(pool);
  const signers = await openProofSigners(pool, settings);
  if (signers.length === 0)
    logger.warn(
      'no checkpoint of the log is signed: set GATEHOUSE_PROOF_KEY or GATEHOUSE_PROOF_KEY_FILE, and keep a copy',
    );
  const origin = originOf(settings, epoch.current);
  configuredPolicy(settings);
  const askWitnesses = async (unsigned: string) => {
    const { witnesses = [] } = configuredPolicy(settings) ?? {};
    await new WitnessFeed(pool, origin, witnesses, settings.witnessSeconds * 1_000).askSizes(unsigned);
  };
  return new LeafLog(
    pool,
    log,
    read,
    locks,
    { origin, epoch: epoch.current, signers, askWitnesses },
    {
      refused: (refusal) => logger.error(`no checkpoint is signed any more: ${refusal}`),
      grown: (leaves) => grown.inc(leaves),
      error: failures(errors, logger, 'the log of leaves failed and continues from what is stored'),
    },
  );
}

/** Keeps which events concern which subject. */
export function subjectIndexOf(runtime: Runtime, metrics: Metrics): Worker {
  const indexed = metrics.counter(
    'subject_index_events_total',
    'Events that this process has added to the index of subjects',
  );
  const errors = metrics.counter(
    'subject_index_errors_total',
    'Errors after which the index of subjects continued from its checkpoint',
  );
  return subjectIndexing(runtime, runtime.catalogue.events, runtime.epoch.current, {
    indexed: (events) => indexed.inc(events),
    refilled: (position) =>
      runtime.logger.info(
        `what an earlier release had indexed by subjects is indexed again, up to position ${position}`,
      ),
    error: failures(errors, runtime.logger, 'the index of subjects failed and continues from its checkpoint'),
  });
}

/** Reactors act on events: they open cases for flags, deactivate accounts after confirmed reviews, and onboard cohorts. */
export function reactorsOf(runtime: Runtime, metrics: Metrics): Reactor[] {
  const { catalogue, pool, locks, logger } = runtime;
  const consumers = catalogue.contexts.flatMap((context) => context.consumers?.(runtime) ?? []);
  const parked = metrics.counter(
    'reactor_parked_events_total',
    'Events whose key was parked because the consumer failed to process them',
    ['consumer'],
  );
  const errors = metrics.counter(
    'reactor_errors_total',
    'Errors after which the consumer retried an event or restarted from its checkpoint',
    ['consumer'],
  );
  const ownership = new Ownership(locks, 'reactors', consumers.length);
  return consumers.map((definition) => {
    const { name } = definition;
    const consumer = REACTOR_PREFIX + name;
    const failed = failures(
      errors,
      logger.child({ consumer: name }),
      'a reactor failed and retries; gatehouse status names the event',
      { consumer },
    );
    return new Reactor(pool, runtime.log, definition, ownership, {
      error: failed,
      parked(event, error) {
        parked.inc({ consumer });
        logParkedEvent(logger, name, event, error);
      },
    });
  });
}

/** Work that is due by the clock; runs only if the setting enables it. */
export const schedulesOf = (runtime: Runtime) =>
  runtime.catalogue.contexts
    .flatMap(({ schedules }) => schedules?.(runtime) ?? [])
    .map((schedule) => ({
      run: (signal: AbortSignal) => schedule.run(signal, runtime.locks),
      tick: () => schedule.tick(),
    }));

/** Ingests events from the topics; runs only if brokers are configured. */
export function ingesterOf(runtime: Runtime, metrics: Metrics, ingest: Ingest): Ingester {
  const { settings, quarantine, logger } = runtime;
  const received = metrics.counter('ingester_received_events_total', 'Events received from Kafka, by outcome', [
    'outcome',
  ]);
  const lagging = metrics.gauge(
    'ingester_lag_messages',
    'Messages of a partition that its consumer group has not committed yet; every ingester reports all partitions',
    ['topic', 'partition'],
  );
  const errors = metrics.counter('ingester_errors_total', 'Errors after which the ingester waited and retried');
  const options = {
    group: settings.kafkaGroup,
    topics: ingestedTopics(settings),
    quarantineTopic: settings.kafkaQuarantineTopic,
    typesOf: topicTypes(
      settings,
      runtime.catalogue.incoming.map(({ type }) => type),
    ),
  };
  return new Ingester(brokerOf(runtime, 'gatehouse-ingester'), ingest, quarantine, options, {
    processed(outcomes) {
      for (const outcome of outcomes) received.inc({ outcome });
    },
    lag(partitions) {
      lagging.reset();
      for (const { topic, partition, lag } of partitions ?? []) lagging.set({ topic, partition }, lag);
    },
    error: failures(errors, logger, 'the ingester failed, waits and retries'),
  });
}

/** Publishes the public events to their topic; runs only if brokers are configured. */
export function publisherOf(runtime: Runtime, metrics: Metrics): Publisher {
  const { settings, pool, log, schemas, epoch, locks, logger } = runtime;
  const published = metrics.counter('publisher_published_events_total', 'Public events published to Kafka');
  const errors = metrics.counter(
    'publisher_errors_total',
    'Errors after which the publisher restarted from its checkpoint',
  );
  const broker = brokerOf(runtime, 'gatehouse-publisher');
  return new Publisher(pool, log, schemas, epoch, locks, broker, settings.kafkaEventsTopic, {
    published: (events) => published.inc(events.length),
    error: failures(errors, logger, 'the publisher failed and restarts from its checkpoint'),
  });
}
