import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit, type Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { PendingDeactivations } from '../../account/index.js';
import { ENFORCING, IMAGE_WITHHOLDING } from '../../enforcement/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { imagesAsOf, withheldImages } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import type { Ids } from '../../kernel/ids.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { Readiness } from '../../platform/health/readiness.js';
import { errorLog } from '../../platform/logging/error-log.js';
import type { Logger } from '../../platform/logging/logger.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, EVENT_STORE, IDS, LOGGER, POOL, SETTINGS } from '../../platform/ports.js';
import { ViewReader } from '../../projections/view-reader.js';
import { CurrentCases } from '../../review/index.js';
import { positionAndParked } from '../../subscriptions/checkpoints.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { REACTOR_PREFIX } from '../../subscriptions/reactor.js';
import { AccessReplica } from './access-replica.js';
import { AppliedDecisions } from './applied-decisions.js';
import { DecisionPoint } from './decision-point.js';
import { DecisionSample } from './decision-sample.js';
import { DeniedShares } from './denied-shares.js';
import { unreadableStreams } from './unreadable-streams.js';
import { MAX_WITHHELD } from './withheld-images.js';

/** About 200 bytes each, so at most 300 MB. */
const REPLICA_ACCOUNTS = 1_500_000;
const MS_IN_S = 1000;

/** Runs a gateway's replica as long as requests are answered; a process without HTTP needs none. */
@Injectable()
class ReplicaFollowing implements OnModuleInit, OnApplicationShutdown {
  private readonly stop = new AbortController();
  private readonly isServing: boolean;
  /** Ends once the last counts are stored. */
  private counting: Promise<unknown> | undefined;

  constructor(
    @Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost,
    @Inject(AccessReplica) private readonly replica: AccessReplica,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ViewReader) private readonly views: ViewReader,
    @Inject(AppliedDecisions) private readonly decisions: AppliedDecisions,
    @Inject(DeniedShares) private readonly denied: DeniedShares,
    @Inject(DecisionSample) private readonly sample: DecisionSample,
  ) {
    this.isServing = httpAdapter?.getInstance() !== undefined;
  }

  async onModuleInit(): Promise<void> {
    if (!this.isServing) return;
    const { replica, settings } = this;
    const enforcing = await positionAndParked(this.pool, REACTOR_PREFIX + ENFORCING);
    const withholding = await positionAndParked(this.pool, REACTOR_PREFIX + IMAGE_WITHHOLDING);
    const withheld = await withheldImages(this.pool, this.views, MAX_WITHHELD);
    await replica.start(this.stop.signal, { enforcing, withholding, withheld });
    void this.decisions.run(this.stop.signal, replica);
    this.counting = Promise.all([this.denied.run(this.stop.signal), this.sample.run(this.stop.signal)]);
    this.readiness.register('access-replica', () => {
      if (replica.ageMs > settings.stalenessMs)
        throw new Error(`its state is ${Math.round(replica.ageMs)} ms old; ${settings.stalenessMs} ms are allowed`);
    });
    // A gateway that denies for this reason must serve the operator who ends it.
    const unreadable = () => {
      const now = this.clock.now();
      const { switches, imageRules: rules, confirmedLeadTo: ladder, phaseRestrictions: phases } = replica;
      return unreadableStreams({ switches, policies: replica.policiesAt(now), rules, ladder, phases }, now);
    };
    this.readiness.register('access-events', () => unreadable().join('; '));
    this.metrics.gauge(
      'access_unreadable_streams',
      'Streams with an event that cannot be read, because of which actions are denied to everybody',
      [],
      (gauge) => gauge.set(unreadable().length),
    );
    this.metrics.gauge(
      'access_replica_age_seconds',
      'Age of the state that access decisions are based on',
      [],
      (gauge) => gauge.set(replica.ageMs / MS_IN_S),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.counting;
  }
}

export const decisionPointProviders: readonly Provider[] = [
  {
    provide: AppliedDecisions,
    inject: [POOL, CLOCK, Metrics, LOGGER],
    useFactory(pool: Pool, clock: Clock, metrics: Metrics, logger: Logger) {
      const help = 'Time from the storing of a decision against an account until this decision point has applied it';
      const applied = metrics.histogram('access_decision_applied_seconds', help);
      return new AppliedDecisions(pool, clock, {
        observed: (seconds) => applied.observe(seconds),
        failed: errorLog(logger, 'when decisions were applied could not be reported; this is retried'),
      });
    },
  },
  {
    provide: DeniedShares,
    inject: [POOL, CLOCK, LOGGER],
    useFactory: (pool: Pool, clock: Clock, logger: Logger) =>
      new DeniedShares(pool, clock, {
        failed: errorLog(logger, 'denied shares could not be counted; this is retried'),
      }),
  },
  {
    provide: DecisionSample,
    inject: [POOL, CLOCK, IDS, Metrics, LOGGER],
    useFactory(pool: Pool, clock: Clock, ids: Ids, metrics: Metrics, logger: Logger) {
      const recorded = metrics.counter('access_recorded_decisions_total', 'Access decisions that were recorded');
      const dropped = metrics.counter(
        'access_dropped_decisions_total',
        'Access decisions that were to be recorded, and were not: too many waited, or the database failed',
      );
      return new DecisionSample(pool, clock, ids, {
        recorded: (decisions) => recorded.inc(decisions),
        dropped: () => dropped.inc(),
        failed: errorLog(logger, 'access decisions could not be recorded'),
      });
    },
  },
  {
    provide: AccessReplica,
    inject: [EVENT_STORE, LogTail, LOGGER, AppliedDecisions],
    useFactory(store: EventStore, log: LogTail, logger: Logger, decisions: AppliedDecisions) {
      const error = errorLog(logger, 'the access replica lost its subscription to the log and restarts it');
      return new AccessReplica(store, log, {
        accounts: REPLICA_ACCOUNTS,
        error,
        applied: (events) => decisions.note(events),
      });
    },
  },
  {
    provide: DecisionPoint,
    inject: [
      AccessReplica,
      EVENT_STORE,
      CurrentCases,
      CLOCK,
      POOL,
      ViewReader,
      LogEpoch,
      SETTINGS,
      Metrics,
      DeniedShares,
      DecisionSample,
    ],
    useFactory: (
      replica: AccessReplica,
      store: EventStore,
      cases: CurrentCases,
      clock: Clock,
      pool: Pool,
      reader: ViewReader,
      epoch: LogEpoch,
      { stalenessMs, accessWaitMs: waitMs, unknownImageFacts }: Settings,
      metrics: Metrics,
      deniedShares: DeniedShares,
      sample: DecisionSample,
    ) => {
      const denied = metrics.counter(
        'access_shares_denied_total',
        'Shares that were denied because of the image, by reason',
        ['reason'],
      );
      return new DecisionPoint(replica, store, cases, clock, imagesAsOf(pool, reader), epoch, {
        stalenessMs,
        waitMs,
        mayShareUnknown: unknownImageFacts === 'allow',
        shareDenied(reason) {
          denied.inc({ reason });
          deniedShares.note(reason);
        },
        decided: (evaluation, decision, basis, position) => sample.note(evaluation, decision, basis, position),
      });
    },
  },
  { provide: PendingDeactivations, useExisting: AccessReplica },
  ReplicaFollowing,
];
