import { Controller, Get, HttpCode, Inject, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { Roles } from '../../http/credentials/route-access.js';
import { Means } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { eventOf } from '../../kafka/binding.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { InvalidInput } from '../../kernel/errors.js';
import { Ingest } from '../ingest.js';
import { messageKept } from '../kafka/quarantine-message.js';
import { Quarantine } from '../quarantine.js';

const DEFAULT_LIMIT = 100;

export class QuarantineQuery {
  @IsOptional()
  @IsIn(['waiting', 'replayed'])
  status?: 'waiting' | 'replayed';

  @Means('Items at the most; 100 by default.')
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;

  @Means('The `nextCursor` of the page before.')
  @IsOptional()
  @IsUUID()
  cursor?: string;
}

const entryId = new ParseUUIDPipe({
  exceptionFactory: () => new InvalidInput([{ field: 'id', message: 'must be the UUID of a quarantine entry' }]),
});

@Controller('v1/quarantine')
export class QuarantineController {
  constructor(
    @Inject(Quarantine) private readonly quarantine: Quarantine,
    @Inject(Ingest) private readonly ingest: Ingest,
  ) {}

  /** What came in and could not be taken, oldest first. */
  @Get()
  @Roles('operator', 'compliance', 'administrator')
  async list(@Query() { status, limit = DEFAULT_LIMIT, cursor }: QuarantineQuery) {
    const items = await this.quarantine.list(status, limit, cursor);
    return {
      items,
      ...(items.length === limit ? { nextCursor: items.at(-1)!.id } : {}),
      waiting: await this.quarantine.waiting(),
    };
  }

  /** One entry with its raw bytes, as text where they are UTF-8. */
  @Get(':id')
  @Roles('operator', 'compliance', 'administrator')
  async show(@Param('id', entryId) id: string) {
    const { raw, ...entry } = await this.quarantine.show(id);
    const text = raw.toString('utf8');
    return { ...entry, ...(Buffer.from(text).equals(raw) ? { raw: text } : { rawBase64: raw.toString('base64') }) };
  }

  /** Tries an entry again, once its cause is mended: it is taken, or stays with the reason it has now. */
  @Post(':id/replay')
  @HttpCode(200)
  @Roles('service', 'operator', 'administrator')
  async replay(@Param('id', entryId) id: string, @Context() context: CommandContext) {
    return replayEntry(this.quarantine, this.ingest, id, context);
  }
}

async function replayEntry(quarantine: Quarantine, ingest: Ingest, id: string, context: CommandContext) {
  const { raw, firstSeenAt } = await quarantine.show(id);
  let event: unknown;
  try {
    event = JSON.parse(raw.toString('utf8'));
  } catch {
    return {
      outcome: 'quarantined',
      reason: 'malformed-json',
      field: '',
      detail: 'the bytes are not JSON and can not be taken',
    };
  }
  const message = messageKept(event);
  const read = message ? eventOf(message) : { event };
  if ('reason' in read) return { outcome: 'quarantined', ...read };
  const [result] = await ingest.attempt([read.event], context, { receivedAt: Date.parse(firstSeenAt) });
  if (result!.outcome !== 'quarantined') await quarantine.markReplayed(id);
  const { position, ...rest } = result!;
  return position === undefined ? rest : { ...rest, position: String(position) };
}
