import { Controller, Get, HttpCode, Inject, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { Type as Transform } from 'class-transformer';
import { IsIn, IsOptional, IsUUID } from 'class-validator';
import { type Static, Type } from 'typebox';
import { Roles } from '../../http/credentials/route-access.js';
import { IsInteger, Means } from '../../http/field-rules.js';
import { closed, list, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { eventOf } from '../../kafka/binding.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { InvalidInput } from '../../kernel/errors.js';
import { eventResultAnswer, eventResultFields } from '../event-result.js';
import { Ingest } from '../ingest.js';
import { messageKept } from '../kafka/quarantine-message.js';
import { Quarantine } from '../quarantine.js';
import {
  QUARANTINE_STATUSES,
  QuarantineEntry,
  type QuarantineStatus,
  quarantineEntryFields,
} from '../quarantine-entry.js';

const DEFAULT_LIMIT = 100;

export class QuarantineQuery {
  @IsOptional()
  @IsIn(QUARANTINE_STATUSES)
  @Means('Only entries of this status; all by default.')
  status?: QuarantineStatus;

  @IsOptional()
  @Transform(() => Number)
  @IsInteger('Maximum number of items; 100 by default.', 1, 500)
  limit?: number;

  @IsOptional()
  @IsUUID()
  @Means('The `nextCursor` of the previous page.')
  cursor?: string;
}

const QuarantinePage = closed({
  items: list(QuarantineEntry, 'The entries.'),
  nextCursor: Type.Optional(text('Pass it as `cursor` for the next page; absent on the last page.')),
  waiting: Type.Record(Type.String(), Type.Integer(), { description: 'The number of waiting entries, by reason.' }),
});

const WholeEntry = closed({
  ...quarantineEntryFields,
  raw: Type.Optional(text('The bytes, if they are UTF-8.')),
  rawBase64: Type.Optional(text('The bytes otherwise.')),
});
export type WholeEntry = Static<typeof WholeEntry>;

const ReplayAnswer = closed({
  ...eventResultFields,
  id: Type.Optional(eventResultFields.id),
  source: Type.Optional(eventResultFields.source),
});
export type ReplayAnswer = Static<typeof ReplayAnswer>;

const ENTRY = { fields: { id: 'The entry.' }, refusals: { 404: ['quarantine-entry-unknown'] } };

const entryId = new ParseUUIDPipe({
  exceptionFactory: () => new InvalidInput([{ field: 'id', message: 'must be the UUID of a quarantine entry' }]),
});

@Controller('v1/quarantine')
export class QuarantineController {
  constructor(
    @Inject(Quarantine) private readonly quarantine: Quarantine,
    @Inject(Ingest) private readonly ingest: Ingest,
  ) {}

  @Get()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Events that were not accepted, oldest first', {
    answer: answer('QuarantinePage', 'A page of entries.', QuarantinePage),
  })
  async listQuarantine(
    @Query() { status, limit = DEFAULT_LIMIT, cursor }: QuarantineQuery,
  ): Promise<Static<typeof QuarantinePage>> {
    const items = await this.quarantine.list(status, limit, cursor);
    return {
      items,
      ...(items.length === limit ? { nextCursor: items.at(-1)!.id } : {}),
      waiting: await this.quarantine.waiting(),
    };
  }

  @Get(':id')
  @Roles('operator', 'compliance', 'administrator')
  @Operation('One entry with its raw bytes', { ...ENTRY, answer: answer('QuarantineEntry', 'The entry.', WholeEntry) })
  async showQuarantineEntry(@Param('id', entryId) id: string): Promise<WholeEntry> {
    const { raw, ...entry } = await this.quarantine.show(id);
    const utf8 = raw.toString('utf8');
    return { ...entry, ...(Buffer.from(utf8).equals(raw) ? { raw: utf8 } : { rawBase64: raw.toString('base64') }) };
  }

  @Post(':id/replay')
  @HttpCode(200)
  @Roles('service', 'operator', 'administrator')
  @Operation('Retries an entry after its cause is fixed: it is accepted, or stays with the reason it has now', {
    ...ENTRY,
    answer: answer('ReplayResult', 'What became of it.', ReplayAnswer),
  })
  replayQuarantineEntry(@Param('id', entryId) id: string, @Context() context: Context): Promise<ReplayAnswer> {
    return replayEntry(this.quarantine, this.ingest, id, context);
  }
}

async function replayEntry(
  quarantine: Quarantine,
  ingest: Ingest,
  id: string,
  context: CommandContext,
): Promise<ReplayAnswer> {
  const { raw, firstSeenAt } = await quarantine.show(id);
  let event: unknown;
  try {
    event = JSON.parse(raw.toString('utf8'));
  } catch {
    return {
      outcome: 'quarantined',
      reason: 'malformed-json',
      field: '',
      detail: "the bytes are not JSON, so they can't be replayed: send a corrected event",
    };
  }
  const message = messageKept(event);
  const read = message ? eventOf(message) : { event };
  if ('reason' in read) return { outcome: 'quarantined', ...read };
  const [result] = await ingest.attempt([read.event], context, { receivedAt: Date.parse(firstSeenAt) });
  if (result!.outcome !== 'quarantined') await quarantine.markReplayed(id);
  return eventResultAnswer(result!);
}
