import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { isOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { closed, flag, instant, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { belongsTo, foldRecorded } from '../../kernel/decider.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { EVENT_STORE, SETTINGS } from '../../platform/ports.js';
import { entryFor, mappingStream } from '../mapping.js';
import { refuseUnknown, type Statement, statementStream } from '../statement.js';
import { StatementAccepted, StatementQueued, StatementRefused, Submission } from '../statement-events.js';
import { submissionOf } from '../submission.js';
import { statementExample, statementFields } from './list-statements.js';
import { clauseOf, storedPolicies } from './policy-clauses.js';
import { scopeOf } from './territorial-scope.js';

export const StatementAnswer = closed({
  ...statementFields,
  isSent: flag('Whether `submission` is what was sent; otherwise it is what would be sent now.'),
  submission: orNull(Submission),
  history: list(
    closed({
      position: position('Place in the log.'),
      type: text('Type of the event.'),
      time: instant('When it was stored.'),
    }),
    'What became of it, oldest first.',
  ),
});
export type StatementAnswer = Static<typeof StatementAnswer>;

export class ShowStatement extends IdQuery<StatementAnswer> {}

/** Reads the stream itself, so that it is exact at the moment of the request. */
@QueryHandler(ShowStatement)
export class ShowStatementHandler implements IQueryHandler<ShowStatement> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async execute({ id }: ShowStatement): Promise<StatementAnswer> {
    const events = await this.store.readStream(`${statementStream.category}-${id}`);
    const state = foldRecorded(statementStream, events);
    refuseUnknown(state, id);
    const { status, statement, sent, errors } = state;
    const own = events.filter((event) => belongsTo(statementStream, event));
    const accepted = own.find((event) => isOf(StatementAccepted, event));
    return {
      statementId: id,
      enforcementId: statement.enforcementId,
      decision: statement.decision,
      clause: statement.clause ?? null,
      status,
      appliedAt: statement.appliedAt,
      queuedAt: own.find((event) => isOf(StatementQueued, event))!.recordedAt,
      acceptedAt: accepted?.recordedAt ?? null,
      errors: [...errors],
      isSent: sent !== undefined,
      submission: sent ?? (await this.plannedOf(statement)),
      history: own.map(({ position: place, type, recordedAt }) => ({
        position: String(place),
        type,
        time: recordedAt,
      })),
      position: String(events.at(-1)!.position),
    };
  }

  /** Null while its clause has no entry. */
  private async plannedOf(statement: Statement): Promise<StatementAnswer['submission']> {
    const { state: mapping } = await this.transactor.load(mappingStream, undefined);
    const entry = entryFor(mapping, statement.clause);
    if (!entry) return null;
    const policies = await storedPolicies(this.transactor);
    const clause = clauseOf(policies, statement.clause, statement.policyVersion);
    return submissionOf(statement, entry, clause, scopeOf(this.settings));
  }
}

const example: StatementAnswer = {
  ...statementExample,
  isSent: true,
  submission: StatementAccepted.example.submission!,
  history: [{ position: '1059', type: StatementRefused.type, time: '2022-05-19T10:20:05.000Z' }],
};

@Controller('v1/statements')
export class ShowStatementController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @FromLog()
  @AsOf()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('A statement of reasons, in the fields of the Commission’s database, and what became of it', {
    fields: { id: 'The statement.' },
    answer: answer('Statement', 'The statement.', StatementAnswer, example),
    refusals: { 404: ['statement-unknown'] },
  })
  showStatement(@Param() query: ShowStatement): Promise<StatementAnswer> {
    return this.queries.execute(query);
  }
}
