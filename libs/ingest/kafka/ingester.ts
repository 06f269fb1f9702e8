import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../events/fault.js';
import { attributesIn, eventOf } from '../../kafka/binding.js';
import {
  type ConsumedMessage,
  type Delivery,
  DeliveryLost,
  type MessageBroker,
  type MessageProducer,
  type PartitionLag,
} from '../../kafka/message-broker.js';
import { inParts } from '../../kafka/message-parts.js';
import type { Actor } from '../../kernel/envelope.js';
import { GatehouseError } from '../../kernel/errors.js';
import { isTransient } from '../../kernel/transient.js';
import { pause } from '../../kernel/wait.js';
import type { EventResult } from '../event-result.js';
import { attributesOf, type Ingest } from '../ingest.js';
import { jsonText } from '../json-text.js';
import type { Quarantine, RejectedEvent } from '../quarantine.js';
import { keptMessage, quarantineNotice } from './quarantine-message.js';

export interface IngesterOptions {
  group: string;
  topics: readonly string[];
  quarantineTopic: string;
  /** The event types that a topic may carry; every type for a topic that is not named. */
  typesOf?: ReadonlyMap<string, readonly string[]>;
}

export interface IngesterReport {
  /** Messages were stored or quarantined. */
  processed?(outcomes: readonly EventResult['outcome'][]): void;
  /** The lag of the whole group, every few seconds; undefined if the broker does not answer. */
  lag?(partitions: readonly PartitionLag[] | undefined): void;
  /** Work failed and is retried. */
  error?(error: unknown): void;
}

interface Rejected {
  message: ConsumedMessage;
  /** In JSON form, if the message could be parsed. */
  event?: unknown;
  fault: Fault;
  /** The id of its quarantine entry. */
  entry?: string | undefined;
}

const CHUNK = 500;
/** A message names no sender: anyone who may write to a topic acts in its name. */
const actorOf = (topic: string): Actor => ({ id: topic, kind: 'service' });
const HEARTBEAT_EVERY_MS = 2_000;
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;
/** Wait before more of a partition is read if none of its messages could be stored. */
const RETRY_WITH_MORE_MS = 2_000;
const LAG_EVERY_MS = 5_000;
const NOT_STORABLE = 'not-storable';
/** SQLSTATE classes that blame the data: data exception, constraint violation, limit exceeded. */
const FAULT_OF_THE_DATA = /^(22|23|54)/;

/** None of the messages could be stored: the cause may not be in them. */
class NothingStored extends Error {}

/**
 * Stores events from topics in the log. Commits an offset once everything before it is stored or quarantined; the id of an
 * event identifies repeats. While the store is unreachable, or a rejected message can be kept nowhere, the partition waits,
 * later messages included.
 */
export class Ingester {
  private readonly quarantineNotices: MessageProducer;

  constructor(
    private readonly broker: MessageBroker,
    private readonly ingest: Ingest,
    private readonly quarantine: Quarantine,
    private readonly options: IngesterOptions,
    private readonly report: IngesterReport = {},
  ) {
    this.quarantineNotices = broker.producer();
  }

  /** Consumes the topics until the signal aborts; finishes the current messages. */
  async run(signal: AbortSignal): Promise<void> {
    const { group, topics } = this.options;
    const onError = (error: unknown) => this.report.error?.(error);
    await Promise.all([
      this.broker.consume({ group, topics, onError, signal }, (delivery) => this.handle(delivery, signal)),
      this.watchLag(signal),
    ]);
    await this.quarantineNotices.close();
  }

  private async watchLag(signal: AbortSignal): Promise<void> {
    const { group, topics } = this.options;
    while (!signal.aborted) {
      // The consumer reports the error.
      this.report.lag?.(await this.broker.lag(group, topics).catch(() => undefined));
      await pause(LAG_EVERY_MS, signal);
    }
  }

  private async handle(delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { messages } = delivery;
    for (let from = 0; from < messages.length && delivery.isOurs(); from += CHUNK) {
      const chunk = messages.slice(from, from + CHUNK);
      const stored = await this.untilDone(() => this.store(chunk, delivery), delivery, signal);
      if (!stored) return;
      const kept = await this.untilDone(() => this.keep(stored.rejected, delivery), delivery, signal);
      if (!kept) return;
      await delivery.commit(chunk.at(-1)!.offset);
      this.report.processed?.(stored.outcomes);
    }
  }

  /** @returns undefined if the partition or the process ended first, or if more messages must be read to find the cause */
  private async untilDone<Result>(work: () => Promise<Result>, delivery: Delivery, signal: AbortSignal) {
    for (let waitMs = FIRST_RETRY_MS; delivery.isOurs(); waitMs = Math.min(2 * waitMs, MAX_RETRY_MS)) {
      let retryWithMore = false;
      try {
        return await withHeartbeats(delivery, work());
      } catch (error) {
        if (error instanceof DeliveryLost) throw error;
        this.report.error?.(error);
        retryWithMore = error instanceof NothingStored;
      }
      await withHeartbeats(delivery, pause(retryWithMore ? RETRY_WITH_MORE_MS : waitMs, signal));
      if (retryWithMore) return undefined;
    }
    return undefined;
  }

  private async store(chunk: readonly ConsumedMessage[], delivery: Delivery) {
    const rejected: Rejected[] = [];
    const outcomes = await this.record(chunk, delivery, rejected);
    // A message is at fault only if another one of its chunk could be stored.
    const notStorable = rejected.find(({ fault }) => fault.reason === NOT_STORABLE);
    if (notStorable && outcomes.every((outcome) => outcome === 'quarantined')) {
      throw new NothingStored(
        `none of ${chunk.length} messages could be stored, so they wait: ${notStorable.fault.detail}`,
      );
    }
    return { outcomes, rejected };
  }

  /**
   * Puts rejected messages into quarantine, and a notice of each into its topic. A failed notice delays nothing if quarantine
   * has the message; otherwise it throws, and the list has what is left to do.
   */
  private async keep(rejected: Rejected[], delivery: Delivery): Promise<true> {
    if (rejected.length === 0) return true;
    const { topic } = delivery;
    const { quarantineTopic } = this.options;
    const unkept = rejected.filter(({ entry }) => entry === undefined);
    const ids = await this.quarantine.put(unkept.map((one) => rejectedEventOf(one, topic)));
    for (const [n, one] of unkept.entries()) one.entry = ids[n];
    rejected.sort((a, b) => Number(a.entry !== undefined) - Number(b.entry !== undefined));
    const notices = rejected.map(({ message, fault, entry }) => quarantineNotice(message, fault, delivery, entry));
    try {
      await this.broker.ensureTopics([quarantineTopic]).catch(() => {}); // sending reports the error
      for (const part of inParts(notices)) {
        await this.quarantineNotices.send(quarantineTopic, part);
        rejected.splice(0, part.length);
      }
    } catch (cause) {
      const { message } = cause as Error;
      const lost = rejected.filter(({ entry }) => entry === undefined).length;
      if (lost > 0) {
        const what = `quarantine can't keep ${lost} rejected messages of ${topic}, since it has no room or its key is damaged`;
        const remedy = `discard or replay entries, or make ${quarantineTopic} writable`;
        const why = `${quarantineTopic} can't receive their notices, so their partition waits: ${message}`;
        throw new Error(`${what}, and ${why}; ${remedy}`, { cause });
      }
      const what = `the notices of ${rejected.length} quarantined messages could not be sent to ${quarantineTopic}; the quarantine itself has them`;
      this.report.error?.(new Error(`${what}: ${message}`, { cause }));
    }
    return true;
  }

  /**
   * Stores what it can. If it fails while the store is reachable, it retries in halves, so that one bad message does not
   * delay the others.
   */
  private async record(
    chunk: readonly ConsumedMessage[],
    delivery: Delivery,
    rejected: Rejected[],
  ): Promise<EventResult['outcome'][]> {
    try {
      return await this.attempt(chunk, delivery, rejected);
    } catch (error) {
      if (isRetryable(error)) throw error;
      if (chunk.length === 1) {
        this.report.error?.(error);
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
    const eventTypes = this.options.typesOf?.get(topic);
    const binding = eventTypes && { eventTypes };
    const results = await this.ingest.attempt(events, { actor: actorOf(topic), correlationid }, { origin, binding });
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

/** The bytes for a replay: the event in JSON form, or the whole message if it could not be parsed. */
function rejectedEventOf({ message, event, fault }: Rejected, topic: string): RejectedEvent {
  const raw = event === undefined ? keptMessage(message) : Buffer.from(jsonText(event));
  return {
    ...attributesOf(event ?? attributesIn(message)),
    ...fault,
    channel: `kafka:${topic}`,
    actor: actorOf(topic).id,
    raw,
  };
}

/** An error with a code is the message's fault; any other may be ours. */
function faultOf(error: Error): Fault {
  if (error instanceof GatehouseError) return { reason: error.code, field: '/', detail: error.message };
  const detail = `can't be stored: ${error.message}; replay it once that is fixed`;
  return { reason: NOT_STORABLE, field: '/', detail };
}

/** Sends heartbeats to the broker until the work ends. @throws DeliveryLost */
async function withHeartbeats<Result>(delivery: Delivery, work: Promise<Result>): Promise<Result> {
  const done = new AbortController();
  const beats = (async () => {
    for (;;) {
      await sleep(HEARTBEAT_EVERY_MS, undefined, { signal: done.signal });
      await delivery.heartbeat();
    }
  })();
  const [result, beat] = await Promise.allSettled([work.finally(() => done.abort()), beats]);
  if (beat.status === 'rejected' && beat.reason instanceof DeliveryLost) throw beat.reason;
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** True if a retry may succeed. */
function isRetryable(error: unknown): boolean {
  if (isTransient(error)) return true;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !FAULT_OF_THE_DATA.test(code);
}
