import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../events/fault.js';
import { attributesIn, eventOf } from '../../kafka/binding.js';
import {
  type ConsumedMessage,
  type Delivery,
  DeliveryLost,
  type Message,
  type MessageBroker,
  type MessageProducer,
  type PartitionLag,
} from '../../kafka/message-broker.js';
import { inParts } from '../../kafka/message-parts.js';
import { GatehouseError } from '../../kernel/errors.js';
import { isTransient } from '../../kernel/transient.js';
import { pause } from '../../kernel/wait.js';
import type { EventResult } from '../event-result.js';
import { attributesOf, type Ingest } from '../ingest.js';
import { jsonText } from '../json-text.js';
import type { Quarantine, Refused } from '../quarantine.js';
import { keptMessage, quarantineMessage } from './quarantine-message.js';

export interface IngesterOptions {
  group: string;
  topics: readonly string[];
  quarantineTopic: string;
}

export interface IngesterReport {
  /** Messages were stored or quarantined. */
  taken?(outcomes: readonly EventResult['outcome'][]): void;
  /** How far the whole group is behind, every few seconds; undefined while the broker does not say. */
  behind?(partitions: readonly PartitionLag[] | undefined): void;
  /** Work stopped for a while; it is tried again. */
  trouble?(error: unknown): void;
}

interface Rejected {
  message: ConsumedMessage;
  /** In JSON form, where the message had that much sense. */
  event?: unknown;
  fault: Fault;
}

const CHUNK = 500;
const ACTOR = { kind: 'process', id: 'ingester' } as const;
const BEAT_EVERY_MS = 2_000;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 10_000;
/** A partition none of whose messages could be stored is asked for more after this long. */
const RETRY_WITH_MORE_MS = 2_000;
const BEHIND_EVERY_MS = 5_000;
const NOT_STORABLE = 'not-storable';
/** SQLSTATE classes that speak of the data given: data exception, constraint violation, limit exceeded. */
const FAULT_OF_THE_DATA = /^(22|23|54)/;

/** None of the messages in hand could be stored: perhaps it is not for anything in them. */
class NothingStored extends Error {}

/**
 * Takes events from topics into the log. An offset is committed once everything before it is stored, or kept in quarantine;
 * a repeat is known by its id. While the store is away a partition waits, and so does what its senders have put behind.
 */
export class Ingester {
  private readonly quarantineCopies: MessageProducer;

  constructor(
    private readonly broker: MessageBroker,
    private readonly ingest: Ingest,
    private readonly quarantine: Quarantine,
    private readonly options: IngesterOptions,
    private readonly report: IngesterReport = {},
  ) {
    this.quarantineCopies = broker.producer();
  }

  /** Follows the topics until the signal aborts; the messages in hand are finished. */
  async run(signal: AbortSignal): Promise<void> {
    const { group, topics } = this.options;
    const trouble = (error: unknown) => this.report.trouble?.(error);
    await Promise.all([
      this.broker.consume({ group, topics, onError: trouble, signal }, (delivery) => this.take(delivery, signal)),
      this.watchBehind(signal),
    ]);
    await this.quarantineCopies.close();
  }

  private async watchBehind(signal: AbortSignal): Promise<void> {
    const { group, topics } = this.options;
    while (!signal.aborted) {
      // Consuming tells what is wrong.
      this.report.behind?.(await this.broker.lag(group, topics).catch(() => undefined));
      await pause(BEHIND_EVERY_MS, signal);
    }
  }

  private async take(delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { messages } = delivery;
    for (let from = 0; from < messages.length && delivery.isOurs(); from += CHUNK) {
      const chunk = messages.slice(from, from + CHUNK);
      const outcomes = await this.untilStored(chunk, delivery, signal);
      if (!outcomes) return;
      await delivery.commit(chunk.at(-1)!.offset);
      this.report.taken?.(outcomes);
    }
  }

  /** @returns undefined when the partition or the process ended first, or more of the partition has to be seen */
  private async untilStored(chunk: readonly ConsumedMessage[], delivery: Delivery, signal: AbortSignal) {
    for (let waitMs = FIRST_RETRY_MS; delivery.isOurs(); waitMs = Math.min(2 * waitMs, LONGEST_RETRY_MS)) {
      let tryWithMore = false;
      try {
        return await beating(delivery, this.store(chunk, delivery));
      } catch (error) {
        if (error instanceof DeliveryLost) throw error;
        this.report.trouble?.(error);
        tryWithMore = error instanceof NothingStored;
      }
      await beating(delivery, pause(tryWithMore ? RETRY_WITH_MORE_MS : waitMs, signal));
      if (tryWithMore) return undefined;
    }
    return undefined;
  }

  private async store(chunk: readonly ConsumedMessage[], delivery: Delivery): Promise<EventResult['outcome'][]> {
    const rejected: Rejected[] = [];
    const outcomes = await this.record(chunk, delivery, rejected);
    if (rejected.length === 0) return outcomes;
    // What keeps every message out is no fault of theirs: another that was stored has to prove that one is.
    const unforeseen = rejected.find(({ fault }) => fault.reason === NOT_STORABLE);
    if (unforeseen && outcomes.every((outcome) => outcome === 'quarantined')) {
      throw new NothingStored(
        `none of ${chunk.length} messages could be stored, so they wait: ${unforeseen.fault.detail}`,
      );
    }
    const channel = `kafka:${delivery.topic}`;
    const ids = await this.quarantine.put(rejected.map((one) => refusedOf(one, channel)));
    await this.copy(rejected.map(({ message, fault }, n) => quarantineMessage(message, fault, delivery, ids[n]!)));
    return outcomes;
  }

  /** The table has all of it: a topic that does not take its copy holds nothing up. */
  private async copy(copies: readonly Message[]): Promise<void> {
    const { quarantineTopic } = this.options;
    try {
      await this.broker.ensureTopics([quarantineTopic]).catch(() => {}); // sending says what is wrong
      for (const part of inParts(copies)) await this.quarantineCopies.send(quarantineTopic, part);
    } catch (error) {
      const what = `${quarantineTopic} did not take the copies of ${copies.length} messages, which the quarantine has`;
      this.report.trouble?.(new Error(`${what}: ${(error as Error).message}`, { cause: error }));
    }
  }

  /**
   * Stores what can be stored. Where it fails for another reason than that the store is away, halves of it are tried, so
   * that one message nobody foresaw does not hold up its neighbours.
   */
  private async record(
    chunk: readonly ConsumedMessage[],
    delivery: Delivery,
    rejected: Rejected[],
  ): Promise<EventResult['outcome'][]> {
    try {
      return await this.attempt(chunk, delivery, rejected);
    } catch (error) {
      if (isAway(error)) throw error;
      if (chunk.length === 1) {
        this.report.trouble?.(error);
        const message = chunk[0]!;
        rejected.push({ message, ...eventOf(message), fault: faultOf(error as Error) });
        return ['quarantined'];
      }
      const half = chunk.length >> 1;
      const first = await this.record(chunk.slice(0, half), delivery, rejected);
      return [...first, ...(await this.record(chunk.slice(half), delivery, rejected))];
    }
  }

  private async attempt(chunk: readonly ConsumedMessage[], delivery: Delivery, rejected: Rejected[]) {
    const { topic, partition } = delivery;
    const outcomes: EventResult['outcome'][] = chunk.map(() => 'quarantined');
    const faulty: Rejected[] = [];
    const events: unknown[] = [];
    const indexes: number[] = [];
    for (const [index, message] of chunk.entries()) {
      const read = eventOf(message);
      if ('event' in read) {
        events.push(read.event);
        indexes.push(index);
      } else faulty.push({ message, fault: read });
    }
    const correlationid = `kafka:${topic}:${partition}:${chunk[0]!.offset}`;
    const origin = { topic, partition, offsets: indexes.map((index) => chunk[index]!.offset) };
    const results = await this.ingest.attempt(events, { actor: ACTOR, correlationid }, { origin });
    for (const [n, { outcome, reason, field, detail }] of results.entries()) {
      outcomes[indexes[n]!] = outcome;
      if (outcome !== 'quarantined') continue;
      const fault = { reason: reason!, field: field!, detail: detail! };
      faulty.push({ message: chunk[indexes[n]!]!, event: events[n], fault });
    }
    rejected.push(...faulty);
    return outcomes;
  }
}

/** The bytes that a replay reads: the event in JSON form, or the whole message where it holds none. */
function refusedOf({ message, event, fault }: Rejected, channel: string): Refused {
  const raw = event === undefined ? keptMessage(message) : Buffer.from(jsonText(event));
  return { ...attributesOf(event ?? attributesIn(message)), ...fault, channel, actor: ACTOR.id, raw };
}

/** A fault with a code of its own is the message's; any other may as well be ours. */
function faultOf(error: Error): Fault {
  if (error instanceof GatehouseError) return { reason: error.code, field: '/', detail: error.message };
  const detail = `can not be stored: ${error.message}; replay it once that is mended`;
  return { reason: NOT_STORABLE, field: '/', detail };
}

/** Waits for work and tells the broker meanwhile that it goes on. @throws DeliveryLost */
async function beating<Result>(delivery: Delivery, work: Promise<Result>): Promise<Result> {
  const done = new AbortController();
  const beats = (async () => {
    for (;;) {
      await sleep(BEAT_EVERY_MS, undefined, { signal: done.signal });
      await delivery.heartbeat();
    }
  })();
  const [result, beat] = await Promise.allSettled([work.finally(() => done.abort()), beats]);
  if (beat.status === 'rejected' && beat.reason instanceof DeliveryLost) throw beat.reason;
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** Whether the same may succeed later. */
function isAway(error: unknown): boolean {
  if (isTransient(error)) return true;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !FAULT_OF_THE_DATA.test(code);
}
