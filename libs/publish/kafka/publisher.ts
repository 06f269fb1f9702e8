import type { EventSchemas } from '../../events/event-schemas.js';
import { messageOf } from '../../kafka/binding.js';
import type { MessageBroker, MessageProducer } from '../../kafka/message-broker.js';
import { inParts } from '../../kafka/message-parts.js';
import { isUsable } from '../../kernel/decider.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import type { Pool } from '../../platform/database/database.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import type { LogTail } from '../../subscriptions/log-tail.js';
import { OwnedSubscription } from '../../subscriptions/owned-subscription.js';
import { Ownership } from '../../subscriptions/ownership.js';
import { toCloudEvent } from '../outgoing-event.js';

export interface PublisherReport {
  published?(events: readonly RecordedEvent[], to: Position): void;
  /** Work stopped for a while; it is retried from the checkpoint. */
  error?(error: unknown): void;
}

/** The name of its checkpoint and of its ownership. */
export const PUBLISHER = 'publisher';

/**
 * Sends every public event of the log to a topic, in the log's order, those of one subject to one partition. One process
 * publishes at a time. Its checkpoint moves once the broker has a page: after a crash events may repeat, but none is missing.
 */
export class Publisher {
  private readonly producer: MessageProducer;
  private readonly subscription: OwnedSubscription;

  constructor(
    pool: Pool,
    log: LogTail,
    private readonly schemas: EventSchemas,
    private readonly epoch: { current: string },
    locks: LockSession,
    private readonly broker: MessageBroker,
    private readonly topic: string,
    private readonly report: PublisherReport = {},
  ) {
    this.producer = broker.producer();
    this.subscription = new OwnedSubscription(pool, log, new Ownership(locks, 'publishers', 1), {
      name: PUBLISHER,
      types: schemas.publishedTypes,
      handle: (events, next) => this.publish(events, next),
      claimed: (_, isNew) => this.makeTopic(isNew),
      failed: (error) => this.report.error?.(error),
    });
  }

  /** Follows the log until the signal aborts; finishes the current page. */
  async run(signal: AbortSignal): Promise<void> {
    await this.subscription.run(signal);
    await this.producer.close();
  }

  /** Publishes up to the log's current head; does nothing if another process publishes. */
  processAll(): Promise<void> {
    return this.subscription.processAll();
  }

  private async publish(events: readonly RecordedEvent[], next: Position): Promise<void> {
    const messages = events
      .filter(isUsable)
      .map((event) => messageOf(toCloudEvent(event, this.schemas, this.epoch.current)));
    for (const part of inParts(messages)) await this.producer.send(this.topic, part);
    this.report.published?.(events, next);
  }

  /** Creates the topic before there are events, so that consumers find it. */
  private async makeTopic(isNew: boolean): Promise<void> {
    if (isNew) await this.broker.ensureTopics([this.topic]).catch((error) => this.report.error?.(error));
  }
}
