import { IdInUse } from '../event-store/event-identity.js';
import type { EventStore } from '../event-store/event-store.js';
import type { DataOf, EventDefinition } from '../events/event-definition.js';
import type { EventSchemas } from '../events/event-schemas.js';
import type { Fault } from '../events/fault.js';
import type { Clock } from '../kernel/clock.js';
import { type CommandContext, ECHO_SOURCE, OWN_SOURCE } from '../kernel/command-context.js';
import type { JsonObject, NewEvent, Position } from '../kernel/envelope.js';
import { GatehouseError } from '../kernel/errors.js';
import { eventLoop } from '../kernel/event-loop.js';
import { FEW_EVENTS } from '../kernel/fact-limits.js';
import { inOrder } from '../kernel/in-order.js';
import { isTransient } from '../kernel/transient.js';
import { Backpressure } from './backpressure.js';
import type { EventResult } from './event-result.js';
import { FactLane } from './fact-lane.js';
import { type IncomingEvent, isFault, readCloudEvent } from './incoming-event.js';
import { jsonText } from './json-text.js';
import type { Quarantine } from './quarantine.js';

/** Handles an incoming event as a command to its stream, whose rules then apply. */
export interface InboundCommand {
  type: string;
  /** Commands of one key are handled in order, as are those of one account. */
  key(data: JsonObject): string;
  /**
   * Idempotent. Returns the position of the effect; `changed` is false for a no-op.
   * @throws GatehouseError if a rule refuses it; the event is then quarantined with that code
   */
  handle(data: JsonObject, context: CommandContext): Promise<{ changed: boolean; position: Position }>;
}

/** A command typed from its event, whose data is already validated. */
export interface InboundDefinition<Definition extends EventDefinition> {
  event: Definition;
  key(data: DataOf<Definition>): string;
  handle(data: DataOf<Definition>, context: CommandContext): ReturnType<InboundCommand['handle']>;
}

export const defineInbound = <Definition extends EventDefinition>({
  event,
  ...command
}: InboundDefinition<Definition>): InboundCommand => ({ ...command, type: event.type });

export type IngestContext = Pick<CommandContext, 'actor' | 'correlationid' | 'traceparent'>;

/** Origin of events from a partition: their facts go to the partition's own lane, each with its offset. */
export interface PartitionOrigin {
  topic: string;
  partition: number;
  /** One per event. */
  offsets: readonly string[];
}

export interface IngestOptions {
  /** Number of lane streams that the HTTP APIs of all processes share. */
  lanes: number;
  /** Delays facts while this process can't keep up. */
  gate?: Backpressure;
}

const CONCURRENT_COMMANDS = 64;

/** Stores events of other systems: facts directly, commands through their rules, rejected ones in quarantine. */
export class Ingest {
  private readonly lanes: FactLane[];
  private readonly partitionLanes = new Map<string, FactLane>();
  private readonly commands: ReadonlyMap<string, InboundCommand>;
  private readonly gate: Backpressure;

  constructor(
    private readonly store: EventStore,
    private readonly schemas: EventSchemas,
    private readonly quarantine: Quarantine,
    private readonly clock: Clock,
    commands: readonly InboundCommand[],
    { lanes, gate = new Backpressure() }: IngestOptions,
  ) {
    this.gate = gate;
    this.lanes = Array.from({ length: lanes }, (_, lane) => new FactLane(store, `facts-http${lane}`));
    this.commands = new Map(commands.map((command) => [command.type, command]));
  }

  /** True for event types that are accepted from outside. */
  readonly accepts = (definition: EventDefinition): boolean =>
    definition.fact !== undefined || this.commands.has(definition.type);

  /**
   * Stores CloudEvents in JSON form and returns a result for each, in order. When it resolves, everything is stored.
   * @param channel where they arrived, for the quarantine
   * @param originals the original bytes of each; called only if one is rejected
   * @throws StoreUnavailable if some may not be stored; a retry with all of them is safe
   */
  async accept(
    events: readonly unknown[],
    context: IngestContext,
    channel: string,
    originals: () => readonly Buffer[] = () => events.map((event) => Buffer.from(jsonText(event))),
  ): Promise<EventResult[]> {
    const results = await this.attempt(events, context);
    const refused = results.flatMap((result, index) => (result.outcome === 'quarantined' ? [index] : []));
    if (refused.length === 0) return results;
    const raws = originals();
    const ids = await this.quarantine.put(
      refused.map((index) => {
        const { reason, field, detail } = results[index]!;
        return {
          ...attributesOf(events[index]),
          reason: reason!,
          field: field!,
          detail: detail!,
          channel,
          actor: context.actor.id,
          raw: raws[index]!,
        };
      }),
    );
    for (const [n, index] of refused.entries()) results[index]!.quarantineId = ids[n]!;
    return results;
  }

  /**
   * The same, but does not store rejected events, which the caller keeps itself.
   * @param receivedAt when they arrived, in epoch milliseconds; now by default
   */
  async attempt(
    events: readonly unknown[],
    context: IngestContext,
    { origin, receivedAt }: { origin?: PartitionOrigin; receivedAt?: number } = {},
  ): Promise<EventResult[]> {
    if (events.length > FEW_EVENTS) await eventLoop.yield();
    const now = this.clock.now();
    const read = events.map((event) => readCloudEvent(event, this.schemas, this.accepts, now, receivedAt));
    const results: EventResult[] = new Array(events.length);
    const facts = new Map<FactLane, Indexed[]>();
    const commands: Indexed[] = [];
    const reject = (index: number, { reason, field, detail }: Fault) => {
      const { id, source } = attributesOf(events[index]);
      results[index] = { id, source, outcome: 'quarantined', reason, field, detail };
    };

    for (const [index, event] of read.entries()) {
      if (isFault(event)) reject(index, event);
      else if (event.definition.fact) gather(facts, this.laneOf(event, origin), { index, event });
      else commands.push({ index, event });
    }
    // Facts first: a command of the same batch may depend on one.
    await Promise.all(
      [...facts].map(async ([lane, incoming]) => {
        await this.gate.pass();
        const outcomes = await lane.append(incoming.map(({ index, event }) => toFact(event, context, index, origin)));
        for (const [n, { index, event }] of incoming.entries()) {
          const { outcome, position, holder } = outcomes[n]!;
          if (outcome === 'id-in-use') reject(index, faultOf(new IdInUse(holder!)));
          else results[index] = { ...named(event), outcome, position };
        }
        this.gate.noteStored(Math.max(...outcomes.map(({ position }) => position)));
      }),
    );
    await this.handleCommands(commands, context, results, reject);
    return results;
  }

  private laneOf({ data, definition }: IncomingEvent, origin: PartitionOrigin | undefined): FactLane {
    if (origin) return this.partitionLane(`facts-${origin.topic}-${origin.partition}`);
    let hash = 0;
    const key = data[definition.fact!.id] as string;
    for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
    return this.lanes[(hash >>> 0) % this.lanes.length]!;
  }

  private partitionLane(stream: string): FactLane {
    let lane = this.partitionLanes.get(stream);
    if (!lane) {
      lane = new FactLane(this.store, stream);
      this.partitionLanes.set(stream, lane);
    }
    return lane;
  }

  private async handleCommands(
    commands: readonly Indexed[],
    context: IngestContext,
    results: EventResult[],
    reject: (index: number, fault: Fault) => void,
  ): Promise<void> {
    const keysOf = ({ event: { type, data } }: Indexed) => {
      const key = this.commands.get(type)!.key(data);
      return typeof data.accountId === 'string' ? [key, `account:${data.accountId}`] : [key];
    };
    await inOrder(commands, keysOf, CONCURRENT_COMMANDS, async ({ index, event }) => {
      try {
        const command = this.commands.get(event.type)!;
        const { changed, position } = await command.handle(event.data, commandContext(event, context));
        results[index] = { ...named(event), outcome: changed ? 'accepted' : 'duplicate', position };
      } catch (error) {
        if (!(error instanceof GatehouseError) || isTransient(error)) throw error;
        reject(index, faultOf(error));
      }
    });
  }
}

interface Indexed {
  index: number;
  event: IncomingEvent;
}

function gather<Key>(lists: Map<Key, Indexed[]>, key: Key, one: Indexed): void {
  const list = lists.get(key);
  if (list) list.push(one);
  else lists.set(key, [one]);
}

const faultOf = (error: GatehouseError): Fault => ({
  reason: error.code,
  field: error instanceof IdInUse ? 'id' : '/data',
  detail: error.message,
});

const named = ({ id, source }: IncomingEvent) => ({ id, source });

const MAX_ATTRIBUTE_LENGTH = 200;

/** The attributes that identify an event in quarantine; null for those that are not strings. */
export function attributesOf(event: unknown): { id: string | null; source: string | null; type: string | null } {
  const { id, source, type } = (event ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, MAX_ATTRIBUTE_LENGTH) : null);
  return { id: text(id), source: text(source), type: text(type) };
}

function toFact(event: IncomingEvent, context: IngestContext, index: number, origin?: PartitionOrigin): NewEvent {
  const { category, id } = event.definition.fact!;
  const traceparent = event.traceparent ?? context.traceparent;
  // No spread: two of them were the costliest lines of a batch.
  const metadata: NewEvent['metadata'] = {
    source: event.source,
    subject: `${category}-${event.data[id]}`,
    time: event.time,
    schemaversion: event.definition.version,
    correlationid: event.correlationid ?? context.correlationid,
    actor: context.actor,
  };
  if (traceparent) metadata.traceparent = traceparent;
  if (origin) {
    metadata.partition = origin.partition;
    metadata.offset = origin.offsets[index]!;
  }
  return { id: event.identity, type: event.type, data: event.data, metadata };
}

const commandContext = (event: IncomingEvent, context: IngestContext): CommandContext => ({
  ...context,
  correlationid: event.correlationid ?? context.correlationid,
  ...(event.traceparent ? { traceparent: event.traceparent } : {}),
  source: event.source === OWN_SOURCE ? ECHO_SOURCE : event.source,
  time: event.time,
  eventId: event.identity,
  eventType: event.type,
});
