import { Inject, Injectable } from '@nestjs/common';
import { OwnEventIds } from '../../event-store/event-identity.js';
import { type EventStore, positionsOf } from '../../event-store/event-store.js';
import { EventSchemas } from '../../events/event-schemas.js';
import type { Audit } from '../../kernel/audit.js';
import { batched } from '../../kernel/batched.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { type CommandContext, OWN_SOURCE, traceOf } from '../../kernel/command-context.js';
import { atPresent } from '../../kernel/earlier-moment.js';
import type { NewEvent, Position } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import { CLOCK, EVENT_STORE, IDS } from '../../platform/ports.js';
import { auditStream } from '../audit-stream.js';
import type { AuditEvent } from '../events.js';

const ATTEMPTS = 3;
const BATCHES = { most: 100, atOnce: 2 };

/** Appends to the `audit` stream, which is never read for it, however long it becomes. */
@Injectable()
export class AuditTrail implements Audit<AuditEvent> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(EventSchemas) private readonly schemas: EventSchemas,
    @Inject(OwnEventIds) private readonly ownIds: OwnEventIds,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** A read of the past happens now. */
  record(event: AuditEvent, context: CommandContext, once?: string): Promise<Position> {
    return atPresent(() => this.recordNow(event, context, once));
  }

  private async recordNow({ type, data }: AuditEvent, context: CommandContext, once?: string): Promise<Position> {
    const fault = this.schemas.fault(type, data);
    if (fault) throw new Error(`${type}${fault.field} ${fault.message}`);
    const { actor, correlationid } = context;
    const append = once === undefined ? this.appendNew : this.append;
    return append({
      id: once === undefined ? this.ids.next() : this.ownIds.of(once),
      type,
      data,
      metadata: {
        actor,
        correlationid,
        ...traceOf(context),
        source: OWN_SOURCE,
        subject: auditStream.category,
        time: toIso(this.clock.now()),
        schemaversion: this.schemas.version(type),
      },
    });
  }

  private readonly append = async (event: NewEvent): Promise<Position> => (await this.appendAll([event]))[0]!;
  /** What is recorded at one moment, as when a page shows many previews, is one append. */
  private readonly appendNew = batched((events: readonly NewEvent[]) => this.appendAll(events), BATCHES);

  /** Retries a lost append with the same ids, which never stores twice. */
  private async appendAll(events: readonly NewEvent[]): Promise<Position[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const write = { stream: auditStream.category, expected: 'any' as const, events };
        const [result] = await this.store.append([write]);
        if ('position' in result!) return positionsOf(result, events.length);
        if ('known' in result!) return events.map(({ id }) => result.known.get(id)!);
        throw new Error(`${events[0]!.type} could not be appended to ${write.stream}: ${result!.outcome}`);
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || attempt === ATTEMPTS) throw error;
      }
    }
  }
}
