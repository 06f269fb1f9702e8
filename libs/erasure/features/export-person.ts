import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Matches } from 'class-validator';
import { type Static, Type } from 'typebox';
import { AuditTrail } from '../../audit/index.js';
import { RequestCommand } from '../../context/decision.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { EventSchemas } from '../../events/event-schemas.js';
import { SubjectEvents, subjectsOfPerson } from '../../history/index.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsReason, Means } from '../../http/field-rules.js';
import { closed, flag, instant, list, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { POSITION_RULE, positionOf } from '../../http/position-text.js';
import { Context } from '../../http/request-context.js';
import { isUsable } from '../../kernel/decider.js';
import { PositionGone } from '../../kernel/errors.js';
import { GIVEN_POSITION } from '../../kernel/text-forms.js';
import type { Pool } from '../../platform/database/database.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { EVENT_STORE, POOL } from '../../platform/ports.js';
import { keysOfPerson } from '../queries/keys-of-person.js';
import { type PersonRecord, recordFor, subjectOf } from '../queries/person-record.js';

/** Events that one request answers at most. */
const ANSWERED = 2_000;

const PersonExport = closed({
  person: text('Whose data.'),
  events: list(
    closed({
      position: position('Place in the log.'),
      type: text('Type of the event.'),
      time: instant('When it happened.'),
      by: text('The person, a service or a process; `withheld` for somebody else.'),
      data: Type.Record(Type.String(), Type.Unknown(), {
        description:
          'Its data. What the person wrote is in clear, or `erased`; who else took part, and what they wrote, is `withheld`.',
      }),
    }),
    'The events that name the person or one of their images that were flagged, in their order.',
  ),
  next: position('Give it as `after` for the next part.'),
  atHead: flag('Whether this was the last part.'),
});
export type PersonExport = Static<typeof PersonExport>;

export class ExportPerson extends RequestCommand<PersonExport> {
  @IsReason('Why. Recorded with the reader’s name; no personal data.')
  reason!: string;

  @IfGiven()
  @Matches(new RegExp(GIVEN_POSITION), { message: POSITION_RULE })
  @Means('After this position; `next` of the part before.')
  after?: string;

  declare readonly person: string;
}

/** Finds the events by the index of subjects, in parts of a bounded size. */
@CommandHandler(ExportPerson)
export class ExportPersonHandler implements ICommandHandler<ExportPerson> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(EventSchemas) private readonly schemas: EventSchemas,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(SubjectEvents) private readonly subjects: SubjectEvents,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  async execute({ person, reason, after = '0', context }: ExportPerson): Promise<PersonExport> {
    const from = positionOf(after, '/after', this.epoch.current);
    const head = await this.store.head();
    if (from > head) throw new PositionGone(after, this.epoch.current);
    const subject = subjectOf(person, await keysOfPerson(this.pool, person));
    const subjects = subjectsOfPerson(person, subject.caseIds);
    const page = await (await this.subjects.whole()).read(subjects, from, head, ANSWERED);
    const events: PersonRecord[] = [];
    for (const event of page.events)
      if (isUsable(event)) events.push(await recordFor(subject, event, this.schemas, this.keys));
    const next = page.isLast ? head : page.events.at(-1)!.position;
    if (events.length > 0) await this.audit.record({ type: 'PersonExported', data: { person, reason } }, context);
    return { person, events, next: String(next), atHead: page.isLast };
  }
}

@Controller('v1/persons')
export class ExportPersonController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post(':id/exports')
  @HttpCode(200)
  @Roles('compliance', 'administrator')
  @Operation('A part of what is stored of a person, with what the person wrote', {
    description:
      'Each part that has anything is recorded in the log before it is answered. The parts together are all of it: ask until `atHead`.',
    fields: { id: 'The account, or the name of a member of the staff.' },
    example: { reason: 'request-2022-17' },
    answer: answer('PersonExport', 'A part.', PersonExport, {
      person: 'acc-1',
      events: [
        {
          position: '7',
          type: 'WaitlistJoined',
          time: '2022-05-18T09:00:00.000Z',
          by: 'web-site',
          data: { accountId: 'acc-1', email: 'ada@example.org' },
        },
      ],
      next: '1043',
      atHead: true,
    }),
    refusals: { 410: ['position-gone'], 503: ['index-behind'] },
  })
  exportPerson(
    @Param() { id }: IdParam,
    @Body() request: ExportPerson,
    @Context() context: Context,
  ): Promise<PersonExport> {
    return this.commands.execute(request.with({ context, person: id }));
  }
}
