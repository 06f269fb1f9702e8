import { Controller, Get, Inject, Query } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import type { EventStore } from '../../event-store/event-store.js';
import { EventSchemas } from '../../events/event-schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { positionOf } from '../../http/position-text.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import { NO_CONTROL, POSITION } from '../../kernel/text-forms.js';
import { EVENT_STORE } from '../../platform/ports.js';

const DEFAULT_LIMIT = 200;

export class LogQuery {
  /** After this position; with `stream`, from this revision on. */
  @IsOptional()
  @Matches(new RegExp(POSITION), { message: 'must be a position, digits only' })
  after?: string;

  /** One stream, like account-…, case-… or rollout. */
  @IsOptional()
  @IsString()
  @MaxLength(250)
  @Matches(new RegExp(NO_CONTROL, 'u'), { message: 'must be the name of a stream, without control characters' })
  stream?: string;

  /** Event types, separated by commas. */
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  types?: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(2000)
  limit?: number;
}

const shown = ({ position, ...event }: RecordedEvent) => ({ position: String(position), ...event });

@Controller('v1/log')
export class LogController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(EventSchemas) private readonly schemas: EventSchemas,
  ) {}

  /** Every recorded event as it is stored, personal fields sealed: by position, by stream or by type. */
  @Get()
  @Roles('compliance', 'administrator')
  async read(@Query() { after, stream, types: typesText, limit = DEFAULT_LIMIT }: LogQuery) {
    const from = after ? positionOf(after, 'after') : 0;
    const types = this.typesOf(typesText);
    if (stream !== undefined) {
      const events = await this.store.readStream(stream, from, limit);
      const wanted = types ? events.filter((event) => types.includes(event.type)) : events;
      const next = events.length > 0 ? events.at(-1)!.revision + 1 : from;
      return { events: wanted.map(shown), next: String(next), atHead: events.length < limit };
    }
    const page = await this.store.readAll(from, { limit, ...(types ? { types } : {}) });
    return { events: page.events.map(shown), next: String(page.next), atHead: page.atHead };
  }

  private typesOf(text: string | undefined): string[] | undefined {
    if (text === undefined) return undefined;
    const types = text.split(',').map((type) => type.trim());
    const strange = types.filter((type) => !this.schemas.definition(type));
    if (strange.length > 0)
      throw new InvalidInput([{ field: 'types', message: `${strange.join(', ')} is not an event type` }]);
    return types;
  }
}
