import type { EventStore } from '../../event-store/event-store.js';
import type { EventSchemas } from '../../events/event-schemas.js';
import { messageOf } from '../../kafka/binding.js';
import type { MessageBroker, MessageProducer } from '../../kafka/message-broker.js';
import { inParts } from '../../kafka/message-parts.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { pause } from '../../kernel/wait.js';
import type { Pool } from '../../platform/database/database.js';
import { type Checkpoint, moveCheckpoints, takeOver } from '../../subscriptions/checkpoints.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { toCloudEvent } from '../outgoing-event.js';

export interface PublisherReport {
  published?(events: readonly RecordedEvent[], to: Position): void;
  /** Work stopped for a while; it is tried again from the checkpoint. */
  trouble?(error: unknown): void;
}

/** The name of its checkpoint and of its seat. */
export const PUBLISHER = 'publisher';
const PAGE = 1_000;
const RETRY_MS = 500;

/**
 * Sends every public event of the log to a topic, in the log's order, those of one subject to one partition. One process
 * at a time does. Its checkpoint moves once the broker has a page: after a crash events may be sent again, none is left out.
 */
export class Publisher {
  private readonly producer: MessageProducer;
  private checkpoint: Checkpoint | undefined;
  private held: AbortSignal | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly store: EventStore,
    private readonly schemas: EventSchemas,
    private readonly locks: LockSession,
    private readonly broker: MessageBroker,
    private readonly topic: string,
    private readonly report: PublisherReport = {},
  ) {
    this.producer = broker.producer();
  }

  /** Follows the log until the signal aborts; the page in hand is finished. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        // Also before there is an event to send, so that consumers find the topic.
        await this.broker.ensureTopics([this.topic]).catch((error) => this.report.trouble?.(error));
        if (await this.claim()) await this.follow(signal);
        else await pause(RETRY_MS, signal);
      } catch (error) {
        this.checkpoint = undefined;
        this.report.trouble?.(error);
        await pause(RETRY_MS, signal);
      }
    }
    await this.producer.close();
    if (this.held) await this.locks.release(PUBLISHER);
    this.held = undefined;
  }

  /** Sends what is there up to the log's present head; nothing when another process publishes. */
  async processAll(): Promise<void> {
    if (!(await this.claim())) return;
    const head = await this.store.head();
    while (this.checkpoint!.position < head) {
      const page = await this.store.readAll(this.checkpoint!.position, { limit: PAGE, types: this.types });
      await this.publish(page.events, page.next);
    }
  }

  private get types(): readonly string[] {
    return this.schemas.contractTypes;
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const options = { limit: PAGE, types: this.types, signal };
    for await (const page of this.store.subscribe(this.checkpoint!.position, options)) {
      if (this.held!.aborted) return;
      await this.publish(page.events, page.next);
    }
  }

  private async publish(events: readonly RecordedEvent[], next: Position): Promise<void> {
    if (next === this.checkpoint!.position) return;
    const messages = events.map((event) => messageOf(toCloudEvent(event, this.schemas)));
    for (const part of inParts(messages)) await this.producer.send(this.topic, part);
    await moveCheckpoints(this.pool, [this.checkpoint!], next);
    this.checkpoint!.position = next;
    this.report.published?.(events, next);
  }

  private async claim(): Promise<boolean> {
    if (this.held?.aborted) {
      this.held = undefined;
      this.checkpoint = undefined;
    }
    this.held ??= await this.locks.tryHold(PUBLISHER);
    if (!this.held) return false;
    if (!this.checkpoint) [this.checkpoint] = await takeOver(this.pool, PUBLISHER, [0]);
    return true;
  }
}
