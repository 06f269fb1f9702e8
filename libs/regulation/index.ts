import type { Context } from '../context/context.js';
import { StatementsSent } from '../enforcement/index.js';
import { DryRunMappingController, DryRunMappingHandler } from './features/dry-run-mapping.js';
import { RetryStatementController, RetryStatementHandler } from './features/retry-statement.js';
import { SetMappingController, SetMappingHandler } from './features/set-mapping.js';
import { mappingStream } from './mapping.js';
import { mappingEvents } from './mapping-events.js';
import { statementQueueing } from './processes/queueing.js';
import { StatementSending } from './processes/sending.js';
import { ContentDays } from './queries/content-days.js';
import { ListStatementsController, ListStatementsHandler } from './queries/list-statements.js';
import { MappingGaps } from './queries/mapping-gaps.js';
import { mappingAgain, statementsAgain } from './queries/regulation-again.js';
import { ShowMappingController, ShowMappingHandler } from './queries/show-mapping.js';
import { ShowStatementController, ShowStatementHandler } from './queries/show-statement.js';
import { StatementGauges } from './queries/statement-gauges.js';
import { StatementsOf } from './queries/statements-of.js';
import { scopeOf } from './queries/territorial-scope.js';
import { CreateStatementSending1700000000236 } from './schema.js';
import { openDatabase } from './sending/open-database.js';
import { statementStream } from './statement.js';
import { statementEvents } from './statement-events.js';
import { statementsView } from './views/statements.js';

export const regulationContext: Context = {
  name: 'regulation',
  events: [...mappingEvents, ...statementEvents],
  streams: [mappingStream, statementStream],
  decisionsAgain: [mappingAgain, statementsAgain],
  views: [statementsView],
  // Without a database nothing is queued, so that it has the whole log before it once there is one.
  consumers: ({ store, pool, viewReader, transactor, ownEventIds, settings }) =>
    settings.dsaUrl === undefined
      ? []
      : [
          statementQueueing({
            ...{ store, transactor, ownEventIds, since: settings.dsaSince ?? 0 },
            days: new ContentDays(store, pool, viewReader, settings.decisionWaitMs),
          }),
        ],
  schedules: (ports) => {
    const database = openDatabase(ports.settings);
    return database ? [new StatementSending(database, scopeOf(ports.settings), ports)] : [];
  },
  commands: [
    SetMappingHandler,
    DryRunMappingHandler,
    ShowMappingHandler,
    ListStatementsHandler,
    ShowStatementHandler,
    RetryStatementHandler,
  ],
  routes: [
    {
      name: 'Regulation',
      description:
        'The EU Digital Services Act: statements of reasons for the Commission’s database, and the tables of the transparency report.',
      controllers: [
        ShowMappingController,
        SetMappingController,
        DryRunMappingController,
        ListStatementsController,
        ShowStatementController,
        RetryStatementController,
      ],
    },
  ],
  services: [MappingGaps, StatementGauges, { provide: StatementsSent, useClass: StatementsOf }],
  migrations: [CreateStatementSending1700000000236],
};
