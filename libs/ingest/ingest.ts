import { IdInUse, isSameEvent } from '../event-store/event-identity.js';
import type { EventStore } from '../event-store/event-store.js';
import { type DataOf, type EventDefinition, typesOf } from '../events/event-definition.js';
import type { EventSchemas } from '../events/event-schemas.js';
import type { Fault } from '../events/fault.js';
import type { SenderBinding } from '../http/credentials/principal.js';
import type { Clock } from '../kernel/clock.js';
import type { CommandContext } from '../kernel/command-context.js';
import type { JsonObject, Position } from '../kernel/envelope.js';
import { GatehouseError } from '../kernel/errors.js';
import { eventLoop } from '../kernel/event-loop.js';
import { FEW_EVENTS } from '../kernel/fact-limits.js';
import { inOrder } from '../kernel/in-order.js';
import { isTransient } from '../kernel/transient.js';
import { Backpressure } from './backpressure.js';
import type { EventResult } from './event-result.js';
import { FactLane } from './fact-lane.js';
import { FormerFacts } from './former-facts.js';
import { type IncomingEvent, type IncomingRules, isFault, readCloudEvent } from './incoming-event.js';
import { jsonText } from './json-text.js';
import type { Quarantine } from './quarantine.js';
import { commandContext, type IngestContext, type PartitionOrigin, toFact } from './stored-form.js';

/** Handles an incoming event as a command to its stream, whose rules then apply. */
export interface InboundCommand {
  type: string;
  /** The types under which the command may be stored instead of its own. */
  storedAs?: readonly string[];
  /** The streams it writes or depends on. Commands that share one are handled in order. */
  keys(data: JsonObject): readonly string[];
  /**
   * Idempotent. Returns the position of the effect; `changed` is false for a no-op.
   * @throws GatehouseError if a rule refuses it; the event is then quarantined with that code
   */
  handle(data: JsonObject, context: CommandContext): Promise<{ changed: boolean; position: Position }>;
}

/** A command typed from its event, whose data is already validated. */
export interface InboundDefinition<Definition extends EventDefinition> {
  event: Definition;
  storedAs?: readonly EventDefinition[];
  keys(data: DataOf<Definition>): readonly string[];
  handle(data: DataOf<Definition>, context: CommandContext): ReturnType<InboundCommand['handle']>;
}

export const defineInbound = <Definition extends EventDefinition>({
  event,
  storedAs = [],
  ...command
}: InboundDefinition<Definition>): InboundCommand => ({ ...command, type: event.type, storedAs: typesOf(storedAs) });

export interface IngestOptions extends Pick<IncomingRules, 'strictData' | 'extensions'> {
  /** Number of lane streams that the HTTP APIs of all processes share. */
  lanes: number;
  /** Whether the log may have events of a version that derived their ids in another way; no by default. */
  hasFormerIds?: boolean;
  /** Delays facts while this process can't keep up. */
  gate?: Backpressure;
}

export interface IngestReport {
  /** Members of an event's data were left out, since its schema does not know them. */
  leftOut?(type: string, members: number): void;
}

const NOT_KEPT =
  'The quarantine has no room for it, or its key is damaged, so it is not kept: correct it and send it again';
const CONCURRENT_COMMANDS = 64;

/** Stores events of other systems: facts directly, commands through their rules, rejected ones in quarantine. */
export class Ingest {
  private readonly lanes: FactLane[];
  private readonly partitionLanes = new Map<string, FactLane>();
  private readonly commands: ReadonlyMap<string, InboundCommand>;
  private readonly gate: Backpressure;
  private readonly rules: IncomingRules;
  private readonly former: FormerFacts;
  /** Set once, by what has the metrics of the process. */
  report: IngestReport = {};

  constructor(
    private readonly store: EventStore,
    schemas: EventSchemas,
    private readonly quarantine: Quarantine,
    private readonly clock: Clock,
    commands: readonly InboundCommand[],
    { lanes, gate = new Backpressure(), hasFormerIds = false, ...rules }: IngestOptions,
  ) {
    this.gate = gate;
    this.former = new FormerFacts(store, hasFormerIds);
    this.rules = { schemas, isAccepted: this.accepts, ...rules };
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
   * @param binding what their sender may send
   * @throws StoreUnavailable if some may not be stored; a retry with all of them is safe
   */
  async accept(
    events: readonly unknown[],
    context: IngestContext,
    channel: string,
    originals: () => readonly Buffer[] = () => events.map((event) => Buffer.from(jsonText(event))),
    binding?: SenderBinding,
  ): Promise<EventResult[]> {
    const results = await this.attempt(events, context, { binding });
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
    for (const [n, index] of refused.entries()) {
      const result = results[index]!;
      const quarantineId = ids[n];
      if (quarantineId !== undefined) result.quarantineId = quarantineId;
      else Object.assign(result, { outcome: 'refused', detail: `${result.detail}. ${NOT_KEPT}` });
    }
    return results;
  }

  /**
   * The same, but does not store rejected events, which the caller keeps itself.
   * @param receivedAt when they arrived, in epoch milliseconds; now by default
   */
  async attempt(
    events: readonly unknown[],
    context: IngestContext,
    {
      origin,
      receivedAt,
      binding,
    }: { origin?: PartitionOrigin; receivedAt?: number; binding?: SenderBinding | undefined } = {},
  ): Promise<EventResult[]> {
    if (events.length > FEW_EVENTS) await eventLoop.yield();
    const now = this.clock.now();
    const arrival = { now, receivedAt, binding, topic: origin?.topic };
    const read = events.map((event) => readCloudEvent(event, this.rules, arrival));
    const former = await this.former.of(read.filter((event): event is IncomingEvent => !isFault(event)));
    const results: EventResult[] = new Array(events.length);
    const facts = new Map<FactLane, Indexed[]>();
    const commands: Indexed[] = [];
    const reject = (index: number, { reason, field, detail }: Fault) => {
      const { id, source } = attributesOf(events[index]);
      results[index] = { id, source, outcome: 'quarantined', reason, field, detail };
    };

    for (const [index, event] of read.entries()) {
      if (isFault(event)) {
        reject(index, event);
        continue;
      }
      if (event.leftOut > 0) this.report.leftOut?.(event.type, event.leftOut);
      const stored = former.get(event);
      if (!event.definition.fact) commands.push({ index, event });
      else if (!stored) gather(facts, this.laneOf(event, origin), { index, event });
      else if (!isSameEvent(toFact(event, context, index, origin), stored)) reject(index, faultOf(new IdInUse(stored)));
      else results[index] = { ...named(event), outcome: 'duplicate', position: stored.position };
    }
    // Facts first: a command of the same batch may depend on one.
    await Promise.all(
      [...facts].map(async ([lane, incoming]) => {
        await this.gate.pass();
        const outcomes = await lane.append(incoming.map(({ index, event }) => toFact(event, context, index, origin)));
        for (const [n, { index, event }] of incoming.entries()) {
          const { outcome, position, error } = outcomes[n]!;
          if (outcome === 'refused') reject(index, faultOf(error!));
          else results[index] = { ...named(event), outcome, position };
        }
        this.gate.noteStored(Math.max(...outcomes.map(({ position }) => position)));
      }),
    );
    await this.handleCommands(commands, context, results, reject);
    const stored = () =>
      read.filter(
        (event, index): event is IncomingEvent => !isFault(event) && results[index]!.outcome !== 'quarantined',
      );
    await this.quarantine.resolve(stored, context.actor.id);
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
    const keysOf = ({ event: { type, data } }: Indexed) => this.commands.get(type)!.keys(data);
    await inOrder(commands, keysOf, CONCURRENT_COMMANDS, async ({ index, event }) => {
      try {
        const command = this.commands.get(event.type)!;
        const given = commandContext(event, context, command.storedAs);
        const { changed, position } = await command.handle(event.data, given);
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
