import { Controller, Get, Inject, Query } from '@nestjs/common';
import { Query as BusQuery, type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Type as Transform } from 'class-transformer';
import type { Static } from 'typebox';
import { appealsView } from '../../appeals/index.js';
import { AddressRead, ContentViewed, EvidenceGiven, PersonExported } from '../../audit/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { isOf } from '../../events/event-definition.js';
import { SubjectEvents, subjectOf as subjectOfIndex } from '../../history/index.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, IsInteger } from '../../http/field-rules.js';
import { closed, count, flag, instant, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import type { Pool } from '../../platform/database/database.js';
import { EVENT_STORE, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { keysOfPerson } from './keys-of-person.js';
import { type Subject, subjectOf } from './person-record.js';

const AUDIT = 'audit';
/** Events that one request reads. */
const PAGE = 2_000;

const Access = closed({
  position: position('Place in the log.'),
  time: instant('When.'),
  reader: text('Who.'),
  role: orNull(text('In which role.')),
  what: text('What: `addresses`, `export`, `evidence` (events as they are stored), or the level of a content.'),
  of: orNull(text('Of which case, appeal, quarantined event or person; null for addresses of several people.')),
  people: count('How many people’s addresses it were; 0 for others.'),
  reason: orNull(text('Why, as the reader put it.')),
});
export type Access = Static<typeof Access>;

const AccessPage = closed({
  items: list(Access, 'Who read what, the oldest first.'),
  next: count('Give it as `after` for the next page.'),
  atHead: flag('Whether this was the last page.'),
});
export type AccessPage = Static<typeof AccessPage>;

export class ListAccesses extends BusQuery<AccessPage> {
  @IfGiven()
  @IsEntityId('Only what was read of this person.')
  person?: string;

  @IfGiven()
  @IsEntityId('Only what this reader read.')
  reader?: string;

  @IfGiven()
  @Transform(() => Number)
  @IsInteger('`next` of the page before; 0 by default.', 0, Number.MAX_SAFE_INTEGER)
  after?: number;
}

/** Who read the content or the address of somebody, from the events that are stored before anything is given out. */
@QueryHandler(ListAccesses)
export class ListAccessesHandler implements IQueryHandler<ListAccesses> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SubjectEvents) private readonly subjects: SubjectEvents,
  ) {}

  async execute({ person, reader, after = 0 }: ListAccesses): Promise<AccessPage> {
    const subject = person === undefined ? undefined : await this.subjectOf(person);
    const page = await this.pageOf(subject, reader, after);
    const isAsked = ({ metadata }: RecordedEvent) => reader === undefined || metadata.actor.id === reader;
    const items = page.events.filter(isAsked).flatMap((event) => accessIn(event, subject) ?? []);
    return { items, next: page.next, atHead: page.atHead };
  }

  /** Of a person or a reader what the index of subjects finds, by position; of all of them the stream, by revision. */
  private async pageOf(subject: Subject | undefined, reader: string | undefined, after: number) {
    if (!subject && reader === undefined) {
      const events = await this.store.readStream(AUDIT, after, PAGE);
      return { events, next: after + events.length, atHead: events.length < PAGE };
    }
    const named = subject
      ? [subject.person, ...subject.caseIds].map((id) => subjectOfIndex('read', id))
      : [subjectOfIndex('reader', reader!)];
    const head = await this.store.head();
    const { events, isLast } = await (await this.subjects.whole()).read(named, after, head, PAGE);
    return { events, next: isLast ? Math.max(after, head) : events.at(-1)!.position, atHead: isLast };
  }

  /** The person, their cases, and their appeals. */
  private async subjectOf(person: string): Promise<Subject> {
    const { caseIds } = subjectOf(person, await keysOfPerson(this.pool, person));
    const { rows } = await queryView(this.pool, {
      text: `SELECT appeal_id FROM ${viewTable(appealsView)} WHERE account_id = $1`,
      values: [person],
    });
    return { person, caseIds: new Set([...caseIds, ...rows.map(({ appeal_id }) => appeal_id as string)]) };
  }
}

/** @returns undefined if it is no access, or not one to this person */
function accessIn(event: RecordedEvent, subject: Subject | undefined): Access | undefined {
  const { position: place, metadata } = event;
  const entry = (what: string, of: string | undefined, people: number, reason: string | undefined): Access => ({
    position: String(place),
    time: metadata.time,
    reader: metadata.actor.id,
    role: metadata.actor.role ?? null,
    what,
    of: of ?? null,
    people,
    reason: reason ?? null,
  });
  if (isOf(ContentViewed, event)) {
    const { caseId, appealId, entryId, level, reason } = event.data;
    const of = caseId ?? appealId ?? entryId;
    if (subject && (of === undefined || !subject.caseIds.has(of))) return undefined;
    return entry(level, of, 0, reason);
  }
  if (isOf(AddressRead, event)) {
    const { accounts, reason } = event.data;
    if (subject && !accounts.includes(subject.person)) return undefined;
    return entry('addresses', accounts.length === 1 ? accounts[0] : undefined, accounts.length, reason);
  }
  if (isOf(EvidenceGiven, event)) {
    const { entityId, reason } = event.data;
    if (subject && entityId !== subject.person && !subject.caseIds.has(entityId)) return undefined;
    return entry('evidence', entityId, 0, reason);
  }
  if (!isOf(PersonExported, event)) return undefined;
  const { person, reason } = event.data;
  return subject && subject.person !== person ? undefined : entry('export', person, 0, reason);
}

@Controller('v1/accesses')
export class ListAccessesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @Roles('compliance', 'administrator')
  @Operation('Who read what people wrote, their images or their addresses, or exported what is stored of them', {
    description:
      'From the stream `audit`. A page may have few, or none: ask until `atHead`. Reads of quarantined events name no person.',
    refusals: { 503: ['index-behind'] },
    answer: answer('AccessPage', 'A page.', AccessPage, {
      items: [
        {
          position: '1051',
          time: '2022-05-19T10:20:00.009Z',
          reader: 'rita',
          role: 'reviewer',
          what: 'prompt',
          of: 'img-1',
          people: 0,
          reason: 'the image alone is ambiguous',
        },
      ],
      next: 7,
      atHead: true,
    }),
  })
  listAccesses(@Query() query: ListAccesses): Promise<AccessPage> {
    return this.queries.execute(query);
  }
}
