import { QueryBus } from '@nestjs/cqrs';
import { Catalogue } from '../context/catalogue.js';
import type { Context } from '../context/context.js';
import type { EventStore } from '../event-store/event-store.js';
import { LogEpoch } from '../event-store/log-epoch.js';
import type { Clock } from '../kernel/clock.js';
import type { Settings } from '../platform/configuration/settings.js';
import type { Pool } from '../platform/database/database.js';
import { CLOCK, EVENT_STORE, POOL, SETTINGS } from '../platform/ports.js';
import { EarlierAnswers } from '../projections/earlier-answers.js';
import { EarlierViews } from '../projections/earlier-views.js';
import { Rebuilder } from '../projections/rebuilder.js';
import { SafetyReport } from '../safety/index.js';
import { SubjectEvents } from './places/events-of-subjects.js';
import { factTypes } from './places/subject-index.js';
import { CountsInExplanations } from './queries/counts-again.js';
import { Histories } from './queries/histories.js';
import { DecisionsController } from './queries/list-decisions.js';
import { MetricsHistory } from './queries/metrics-history.js';
import { MetricsMoves } from './queries/metrics-moves.js';
import { SearchController } from './queries/search-history.js';
import { DecisionController } from './queries/show-decision.js';
import { HistoryController } from './queries/show-history.js';
import { MetricsHistoryController } from './queries/show-metrics-history.js';
import {
  CreateSubjectIndex1700000000216,
  NameEpochOfSubjectIndex1700000000306,
  VersionSubjectIndex1700000000265,
} from './schema.js';

export { SubjectEvents } from './places/events-of-subjects.js';
export type { SubjectIndexReport } from './places/refill.js';
export { subjectIndexing } from './places/subject-index.js';
export { subjectOf, subjectsOfPerson, withPeople } from './subjects.js';

export const historyContext: Context = {
  name: 'history',
  routes: [
    {
      name: 'History',
      description: 'What was known when, by whom and why: states at earlier moments, and the events that made them.',
      controllers: [
        HistoryController,
        MetricsHistoryController,
        SearchController,
        DecisionsController,
        DecisionController,
      ],
    },
  ],
  services: [
    {
      provide: SubjectEvents,
      inject: [POOL, EVENT_STORE, Catalogue],
      useFactory: (pool: Pool, store: EventStore, { events }: Catalogue) =>
        new SubjectEvents(pool, store, factTypes(events)),
    },
    {
      provide: Histories,
      inject: [EVENT_STORE, SubjectEvents, Catalogue, LogEpoch, QueryBus, CLOCK, SETTINGS],
      useFactory: (
        store: EventStore,
        subjects: SubjectEvents,
        catalogue: Catalogue,
        epoch: LogEpoch,
        queries: QueryBus,
        clock: Clock,
        { decisionWaitMs }: Settings,
      ) =>
        new Histories(
          store,
          subjects,
          catalogue,
          epoch,
          () => new CountsInExplanations({ contexts: catalogue.contexts, queries, clock, waitMs: decisionWaitMs }),
        ),
    },
    {
      provide: MetricsHistory,
      inject: [EVENT_STORE, LogEpoch, CLOCK, SafetyReport, EarlierViews, Rebuilder, SubjectEvents, SETTINGS],
      useFactory: (
        store: EventStore,
        epoch: LogEpoch,
        clock: Clock,
        report: SafetyReport,
        earlier: EarlierViews,
        rebuilder: Rebuilder,
        subjects: SubjectEvents,
        { decisionWaitMs }: Settings,
      ) =>
        new MetricsHistory({
          ...{ store, epoch, clock, report, earlier, rebuilder, moves: new MetricsMoves(store, subjects) },
          answers: new EarlierAnswers(decisionWaitMs),
        }),
    },
  ],
  migrations: [CreateSubjectIndex1700000000216, VersionSubjectIndex1700000000265, NameEpochOfSubjectIndex1700000000306],
};
