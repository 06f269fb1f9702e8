import { Controller, Get, Inject, Query } from '@nestjs/common';
import { Type as Transform } from 'class-transformer';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { type Static, Type } from 'typebox';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { EventSchemas } from '../../events/event-schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsInteger, Means } from '../../http/field-rules.js';
import { actor, closed, count, instant, list, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { POSITION_RULE, positionOf, readFromGiven } from '../../http/position-text.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { GIVEN_POSITION, NO_CONTROL } from '../../kernel/text-forms.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { EVENT_TYPES, knownTypes, pageFields } from './event-pages.js';

const DEFAULT_LIMIT = 200;

export class LogQuery {
  @IsOptional()
  @Matches(new RegExp(GIVEN_POSITION), { message: POSITION_RULE })
  @Means('After this position, digits or `EPOCH-digits`; with `stream`, from this revision on.')
  after?: string;

  @IsOptional()
  @IsString()
  @MaxLength(250)
  @Matches(new RegExp(NO_CONTROL, 'u'), { message: 'must be the name of a stream, without control characters' })
  @Means('One stream, like `account-…`, `case-…` or `rollout`.')
  stream?: string;

  @IsOptional()
  @IsString()
  @MaxLength(1000)
  @Means(EVENT_TYPES)
  types?: string;

  @IsOptional()
  @Transform(() => Number)
  @IsInteger('Maximum number of events; 200 by default.', 1, 2000)
  limit?: number;
}

const RecordedAnswer = closed({
  position: position('Place in the one order of all events.'),
  id: Type.String({ format: 'uuid', description: 'Its identity.' }),
  type: text('Its type.'),
  data: Type.Record(Type.String(), Type.Unknown(), { description: 'As stored: personal fields are encrypted.' }),
  metadata: Type.Object(
    { actor },
    { description: 'Source, subject, time, schema version, correlation, trace, actor.' },
  ),
  stream: text('The stream that holds it.'),
  revision: count('Place in that stream, from 0.'),
  recordedAt: instant('When it was stored.'),
});

export const LogPage = closed({ events: list(RecordedAnswer, 'The events.'), ...pageFields });
export type LogPage = Static<typeof LogPage>;

export const recordedAnswer = ({
  position: place,
  fault: _,
  ...event
}: RecordedEvent): Static<typeof RecordedAnswer> => ({
  position: String(place),
  ...event,
});

@Controller('v1/log')
export class LogController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(EventSchemas) private readonly schemas: EventSchemas,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  @Get()
  @Roles('compliance', 'administrator')
  @Operation('Every recorded event as it is stored, by position, by stream or by type', {
    answer: answer('LogPage', 'A page of the log.', LogPage),
    refusals: { 410: ['position-gone'] },
  })
  async readLog(@Query() { after, stream, types: typesText, limit = DEFAULT_LIMIT }: LogQuery): Promise<LogPage> {
    const from = after ? positionOf(after, 'after', this.epoch.current) : 0;
    const types = knownTypes(typesText, this.schemas);
    if (stream !== undefined) {
      const events = await this.store.readStream(stream, from, limit);
      const wanted = types ? events.filter((event) => types.includes(event.type)) : events;
      const next = events.length > 0 ? events.at(-1)!.revision + 1 : from;
      return { events: wanted.map(recordedAnswer), next: String(next), atHead: events.length < limit };
    }
    const page = await readFromGiven(this.epoch.current, () =>
      this.store.readAll(from, { limit, ...(types ? { types } : {}) }),
    );
    return { events: page.events.map(recordedAnswer), next: String(page.next), atHead: page.atHead };
  }
}
