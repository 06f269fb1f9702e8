import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { Type as Transform } from 'class-transformer';
import { IsString, Matches, MaxLength } from 'class-validator';
import { type Static, Type } from 'typebox';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { positionAt } from '../../event-store/position-at.js';
import { EventSchemas } from '../../events/event-schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInstant, IsInteger, Means } from '../../http/field-rules.js';
import { closed, flag, list, position } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { POSITION_RULE, positionOf } from '../../http/position-text.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import { GIVEN_POSITION, NO_CONTROL } from '../../kernel/text-forms.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { EVENT_TYPES, knownTypes } from '../../publish/http/event-pages.js';
import { LogPage, recordedAnswer } from '../../publish/http/log.controller.js';
import { SubjectEvents } from '../places/events-of-subjects.js';
import { READING_TYPES, SUBJECT_KINDS, subjectOf } from '../subjects.js';
import { pathMatcher } from './json-path.js';
import { type SearchRequest, search } from './search.js';

const DEFAULT_LIMIT = 200;
const MOST = 2_000;
const MAX_TEXT = 250;
const IS_LINE = { message: 'must be text without control characters' };

export class PartQuery {
  @IfGiven()
  @Matches(new RegExp(GIVEN_POSITION), { message: POSITION_RULE })
  @Means('Only events after this position; `next` of the page before.')
  after?: string;

  @IfGiven()
  @IsInstant('Only events that were stored at this time or later.')
  from?: string;

  @IfGiven()
  @IsInstant('Only events that were stored by this time.')
  to?: string;

  @IfGiven()
  @IsString()
  @MaxLength(1000)
  @Means(EVENT_TYPES)
  types?: string;

  @IfGiven()
  @Transform(() => Number)
  @IsInteger(`Maximum number of events; ${DEFAULT_LIMIT} by default.`, 1, MOST)
  limit?: number;
}

export class SearchQuery extends PartQuery {
  @IfGiven()
  @IsString()
  @MaxLength(MAX_TEXT)
  @Matches(new RegExp(NO_CONTROL, 'u'), IS_LINE)
  @Means('Who caused them. Facts that a service has sent are searched only if `types` names no other events.')
  actor?: string;

  @IfGiven()
  @IsString()
  @MaxLength(MAX_TEXT)
  @Matches(new RegExp(`^(?:${SUBJECT_KINDS.join('|')})-.+$`, 'u'), {
    message: `must be a kind and an id, like account-acc-1; the kinds are ${SUBJECT_KINDS.join(', ')}`,
  })
  @Means('What they concern: a kind and an id, like `account-acc-1` or `case-img-1`.')
  subject?: string;

  @IfGiven()
  @IsString()
  @MaxLength(MAX_TEXT)
  @Matches(new RegExp(NO_CONTROL, 'u'), IS_LINE)
  @Means('The clause of the content policy that they name.')
  clause?: string;

  @IfGiven()
  @IsString()
  @MaxLength(MAX_TEXT)
  @Means('A path in the event, as `$.data.categories[*]`: only events that have something there.')
  path?: string;

  @IfGiven()
  @IsString()
  @MaxLength(1000)
  @Means('With `path`: only events that have this there, a string or a JSON value.')
  value?: string;
}

export class WhoParam {
  @IsString()
  @MaxLength(MAX_TEXT)
  @Matches(new RegExp(NO_CONTROL, 'u'), IS_LINE)
  @Means('A person, a service, or the id of a token.')
  name!: string;
}

/** Events that record that somebody looked at something and changed nothing. */
const READS: ReadonlySet<string> = new Set([...READING_TYPES, 'ExportStarted']);

const WhoPage = closed({
  events: list(
    Type.Intersect([LogPage.properties.events.items, Type.Object({ isRead: flag('Whether it records a read.') })]),
    'What they did, in the order of the log.',
  ),
  next: position('Give it as `after` for the next page.'),
  atHead: flag('Whether nothing more is there for now.'),
});
export type WhoPage = Static<typeof WhoPage>;

const BOUNDED =
  'A page may have fewer events than its limit, or none, although there are more: go on with `next` until `atHead`.';

@Controller('v1/audit')
export class SearchController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(SubjectEvents) private readonly subjects: SubjectEvents,
    @Inject(EventSchemas) private readonly schemas: EventSchemas,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  @Get('events')
  @Roles('compliance', 'administrator')
  @Operation('The events that match: by actor, type, time, clause, subject and what is at a path', {
    description: BOUNDED,
    answer: answer('LogPage', 'A page of the log.', LogPage),
    refusals: { 410: ['position-gone'], 503: ['index-behind'] },
  })
  async searchHistory(@Query() query: SearchQuery): Promise<LogPage> {
    const { actor, subject, clause, path, value } = query;
    if (path === undefined && value !== undefined)
      throw new InvalidInput([{ field: 'value', message: 'requires path' }]);
    const hasPath = path === undefined ? () => true : pathMatcher(path, value, 'path');
    const part = await this.partOf(query);
    // Those that a service sent are in the index by what they concern only.
    const isOfFacts = part.types?.every((type) => this.schemas.definition(type)?.fact !== undefined) ?? false;
    const subjects = [
      ...(subject === undefined ? [] : [[subject]]),
      ...(clause === undefined ? [] : [[subjectOf('clause', clause)]]),
      ...(actor === undefined || isOfFacts ? [] : [[subjectOf('by', actor)]]),
    ];
    const matches = (event: RecordedEvent) =>
      (actor === undefined || event.metadata.actor?.id === actor) && hasPath(recordedAnswer(event));
    const page = await search(this.parts, { ...part, subjects, matches });
    return { ...page, events: page.events.map(recordedAnswer), next: String(page.next) };
  }

  @Get('who/:name')
  @Roles('compliance', 'administrator')
  @Operation('Everything that a person, a service or a token did, recorded reads included', {
    description: `${BOUNDED} Facts that a service has sent are left out; GET /v1/audit/events finds them by their types.`,
    answer: answer('WhoPage', 'A page of what they did.', WhoPage),
    refusals: { 410: ['position-gone'], 503: ['index-behind'] },
  })
  async showActs(@Param() { name }: WhoParam, @Query() query: PartQuery): Promise<WhoPage> {
    const subjects = [[subjectOf('by', name), subjectOf('token', name)]];
    const isTheirs = ({ metadata: { actor } }: RecordedEvent) => actor?.id === name || actor?.token === name;
    const page = await search(this.parts, { ...(await this.partOf(query)), subjects, matches: isTheirs });
    const events = page.events.map((event) => ({ ...recordedAnswer(event), isRead: READS.has(event.type) }));
    return { ...page, events, next: String(page.next) };
  }

  private get parts() {
    return { subjects: this.subjects, store: this.store };
  }

  private async partOf(query: PartQuery): Promise<Omit<SearchRequest, 'subjects' | 'matches'>> {
    const { after, from, to, types, limit = DEFAULT_LIMIT } = query;
    const head = await this.store.head();
    const begin = after === undefined ? 0 : positionOf(after, 'after', this.epoch.current);
    const first = from === undefined ? 0 : await positionAt(this.store, Date.parse(from) - 1);
    const last = to === undefined ? head : await positionAt(this.store, Date.parse(to));
    return { after: Math.max(begin, first), to: last, types: knownTypes(types, this.schemas), limit };
  }
}
