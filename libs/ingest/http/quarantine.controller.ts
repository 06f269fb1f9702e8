import { Controller, Delete, Get, HttpCode, Inject, Param, ParseUUIDPipe, Post, Query, Req } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { type Static, Type } from 'typebox';
import { STRUCTURED } from '../../events/cloud-event.js';
import type { Fault } from '../../events/fault.js';
import { maySend, SENDERS, type SenderBinding } from '../../http/credentials/principal.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsReason, Means } from '../../http/field-rules.js';
import { AnyNames } from '../../http/http-adapter.js';
import { closed, list, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, PageQuery } from '../../http/paging.js';
import { Context, type GatehouseRequest } from '../../http/request-context.js';
import { eventOf } from '../../kafka/binding.js';
import type { Audit } from '../../kernel/audit.js';
import { toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { InvalidInput, Refusal } from '../../kernel/errors.js';
import { AUDIT } from '../../platform/ports.js';
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
import { eventsOf } from './cloud-events-request.js';

export class QuarantineQuery extends PageQuery {
  @Means('Only entries of this status; all by default.')
  @IfGiven()
  @IsIn(QUARANTINE_STATUSES)
  status?: QuarantineStatus;
}

export class ReadQuery {
  @IfGiven()
  @IsReason('Why. Recorded with the reader’s name; no personal data.')
  reason?: string;
}

const QuarantinePage = closed({
  items: list(QuarantineEntry, 'The entries.'),
  nextCursor: Type.Optional(text('Pass it as `cursor` for the next page; absent on the last page.')),
  waiting: Type.Record(Type.String(), Type.Integer(), { description: 'The number of waiting entries, by reason.' }),
});

const WholeEntry = closed({
  ...quarantineEntryFields,
  raw: Type.Optional(text('The bytes while it waits, if they are UTF-8.')),
  rawBase64: Type.Optional(text('The bytes otherwise.')),
});
export type WholeEntry = Static<typeof WholeEntry>;

const ReplayAnswer = closed({
  ...eventResultFields,
  id: Type.Optional(eventResultFields.id),
  source: Type.Optional(eventResultFields.source),
});
export type ReplayAnswer = Static<typeof ReplayAnswer>;

const CORRECTED = Type.Record(Type.String(), Type.Unknown(), {
  $id: 'CorrectedEvent',
  description: 'The corrected event: a CloudEvent in JSON.',
});

const ENTRY = { fields: { id: 'The entry.' }, refusals: { 404: ['quarantine-entry-unknown'] } };
/** What a replay, which may be a command, can be answered. */
const REPLAY = {
  ...ENTRY.refusals,
  409: ['quarantine-entry-discarded', 'quarantine-entry-unreadable'],
  503: ['too-busy', 'not-caught-up'],
};

const ONE_EVENT = 'the body must be one CloudEvent, in place of the one in the entry';

const entryId = new ParseUUIDPipe({
  exceptionFactory: () => new InvalidInput([{ field: 'id', message: 'must be the UUID of a quarantine entry' }]),
});

@Controller('v1/quarantine')
export class QuarantineController {
  constructor(
    @Inject(Quarantine) private readonly quarantine: Quarantine,
    @Inject(Ingest) private readonly ingest: Ingest,
    @Inject(AUDIT) private readonly audit: Audit,
  ) {}

  @Get()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Events that were not accepted, oldest first', {
    answer: answer('QuarantinePage', 'A page of entries.', QuarantinePage),
  })
  async listQuarantine(@Query() { status, limit, cursor }: QuarantineQuery): Promise<Static<typeof QuarantinePage>> {
    const listing = new Listing('quarantine-entries', { status });
    const [at, id] = listing.after(cursor, ['number', 'uuid']) ?? [];
    const last = id === undefined ? undefined : { firstSeenAt: toIso(Number(at)), id: String(id) };
    const entries = await this.quarantine.list(status, limit + 1, last);
    const { items, nextCursor } = listing.page(
      entries,
      limit,
      (entry) => entry,
      (entry) => [Date.parse(entry.firstSeenAt), entry.id],
    );
    return { items, ...(nextCursor !== undefined && { nextCursor }), waiting: await this.quarantine.waiting() };
  }

  @Get(':id')
  @Roles('operator', 'compliance', 'administrator')
  @Operation('One entry with its raw bytes', {
    ...ENTRY,
    description:
      'The bytes may hold personal data: the log records who read them, and why if a reason is given, before this is answered.',
    answer: answer('QuarantineEntry', 'The entry.', WholeEntry),
    refusals: { ...ENTRY.refusals, 409: ['quarantine-entry-unreadable'] },
  })
  async showQuarantineEntry(
    @Param('id', entryId) id: string,
    @Query() { reason }: ReadQuery,
    @Context() context: Context,
  ): Promise<WholeEntry> {
    const { raw, ...entry } = await this.quarantine.show(id);
    if (!raw) return entry;
    const data = { entryId: id, level: 'quarantined', ...(reason !== undefined && { reason }) };
    await this.audit.record({ type: 'ContentViewed', data }, context);
    const utf8 = raw.toString('utf8');
    return { ...entry, ...(Buffer.from(utf8).equals(raw) ? { raw: utf8 } : { rawBase64: raw.toString('base64') }) };
  }

  @Post(':id/replay')
  @HttpCode(200)
  @Roles('service', 'operator', 'administrator')
  @Operation('Retries an entry after its cause is fixed: it is accepted, or stays with the reason it has now', {
    ...ENTRY,
    answer: answer('ReplayResult', 'What became of it.', ReplayAnswer),
    refusals: REPLAY,
  })
  async replayQuarantineEntry(
    @Param('id', entryId) id: string,
    @Context() context: Context,
    @Req() { principal }: GatehouseRequest,
  ): Promise<ReplayAnswer> {
    const entry = await this.quarantine.show(id);
    if (entry.status !== 'waiting') return settledAnswer(entry);
    const event = eventIn(entry.raw!);
    return 'reason' in event
      ? { outcome: 'quarantined', ...event }
      : this.replay(entry, event.event, context, principal?.binding, false);
  }

  @Post(':id/edited-replay')
  @HttpCode(200)
  @AnyNames()
  @Roles(...SENDERS)
  @Operation(
    'Accepts a corrected event instead of the one in quarantine; if it is wrong too, the entry stays as it is',
    {
      ...ENTRY,
      body: {
        [STRUCTURED]: { schema: CORRECTED },
        'application/json': { schema: CORRECTED },
      },
      answer: answer('ReplayResult', 'What became of it.', ReplayAnswer),
      refusals: { ...REPLAY, 409: [...REPLAY[409], 'quarantine-entry-foreign'] },
    },
  )
  async replayEditedEvent(
    @Param('id', entryId) id: string,
    @Context() context: Context,
    @Req() request: GatehouseRequest,
  ): Promise<ReplayAnswer> {
    const [event, ...others] = eventsOf(request);
    if (event === undefined || others.length > 0) throw new InvalidInput([{ field: '', message: ONE_EVENT }]);
    const binding = request.principal?.binding;
    const entry = await this.quarantine.show(id);
    if (binding) refuseForeign(entry, binding);
    if (entry.status !== 'waiting') return settledAnswer(entry);
    return this.replay(entry, event, context, binding, true);
  }

  @Delete(':id')
  @Roles('operator', 'administrator')
  @Operation('Discards an entry: its bytes are deleted, and it can no longer be replayed', {
    ...ENTRY,
    description: 'The log records who discarded it, before it has an effect. A repeat changes nothing.',
    answer: answer('QuarantineEntry', 'The entry.', WholeEntry),
  })
  async discardQuarantineEntry(@Param('id', entryId) id: string, @Context() context: Context): Promise<WholeEntry> {
    const entry = await this.quarantine.entry(id);
    if (entry.status !== 'waiting') return entry;
    await this.audit.record({ type: 'QuarantineDiscarded', data: { entryId: id } }, context);
    return this.quarantine.discard(id, context.actor.id);
  }

  private async replay(
    { id, firstSeenAt }: QuarantineEntry,
    event: unknown,
    context: CommandContext,
    binding: SenderBinding | undefined,
    edited: boolean,
  ): Promise<ReplayAnswer> {
    await this.audit.record({ type: 'QuarantineReplayed', data: { entryId: id, edited } }, context);
    const receivedAt = Date.parse(firstSeenAt);
    const [result] = await this.ingest.attempt([event], context, { receivedAt, binding });
    if (result!.outcome !== 'quarantined') await this.quarantine.markReplayed(id, context.actor.id);
    return eventResultAnswer(result!);
  }
}

/**
 * An event that its sender may send must not settle the entry of another sender.
 * @throws Refusal quarantine-entry-foreign
 */
function refuseForeign({ id, source, type }: QuarantineEntry, binding: SenderBinding): void {
  if (maySend(binding, source, type)) return;
  const message = `entry ${id} is not of a source and type that this token may send: ask an administrator to correct it`;
  throw new Refusal('quarantine-entry-foreign', message);
}

/** @throws Refusal quarantine-entry-discarded */
function settledAnswer({ id, eventId, source, status }: QuarantineEntry): ReplayAnswer {
  if (status !== 'discarded') return { id: eventId, source, outcome: 'duplicate' };
  throw new Refusal('quarantine-entry-discarded', `entry ${id} was discarded: ask its sender for the event`);
}

/** The event in an entry's bytes, which hold an event or a whole message. */
function eventIn(raw: Buffer): { event: unknown } | Fault {
  let event: unknown;
  try {
    event = JSON.parse(raw.toString('utf8'));
  } catch {
    const detail = "the bytes are not JSON, so they can't be replayed: send a corrected event";
    return { reason: 'malformed-json', field: '', detail };
  }
  const message = messageKept(event);
  return message ? eventOf(message) : { event };
}
