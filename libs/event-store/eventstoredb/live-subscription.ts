import { type AllStreamSubscription, type EventStoreDBClient, eventTypeFilter } from '@eventstore/db-client';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { Changes } from '../../kernel/wait.js';
import { EventStoreUnavailable } from '../event-store.js';
import { storeError } from './client-errors.js';
import type { LogRecord, OwnRecords } from './log-records.js';

/** Maximum buffered events for a slow reader; beyond it the server has to wait. */
const MAX_HELD = 4_000;

/** Buffers the events that the server pushes after a position, without its own records. */
export class LiveSubscription {
  private checked: Position = 0;
  private readonly subscription: AllStreamSubscription;
  private held: RecordedEvent[] = [];
  private failure: Error | undefined;
  private readonly changes = new Changes();

  constructor(
    client: EventStoreDBClient,
    after: Position,
    private readonly records: OwnRecords,
  ) {
    this.subscription = client.subscribeToAll({
      fromPosition: after === 0 ? 'start' : { commit: BigInt(after), prepare: BigInt(after) },
      requiresLeader: true,
      filter: eventTypeFilter({
        regex: '^[^$].*',
        checkpointReached: (subscription, { commit }) => {
          // Earlier events may still be on their way; a later checkpoint is enough.
          if (subscription.readableLength === 0) this.checked = Number(commit);
        },
      }),
    });
    this.subscription
      .on('data', (record) => this.hold(record as LogRecord))
      .on('error', (error) => this.fail(storeError(error)))
      .on('end', () => this.fail(new EventStoreUnavailable('the event store ended the subscription')))
      .on('close', () => this.fail(new EventStoreUnavailable('the event store closed the subscription')));
  }

  /** The position that the server has reached, if all events up to it were read; 0 while some are buffered. */
  get lookedUpTo(): Position {
    return this.held.length === 0 ? this.checked : 0;
  }

  /** Waits for an event, at most this long. @throws the error that ended the subscription */
  async take(limit: number, waitMs: number, signal: AbortSignal): Promise<RecordedEvent[]> {
    await this.changes.until(() => this.held.length > 0 || this.failure !== undefined, waitMs, signal);
    if (this.held.length === 0 && this.failure) throw this.failure;
    const taken = this.held.splice(0, limit);
    if (this.held.length < MAX_HELD && this.subscription.isPaused()) this.subscription.resume();
    return taken;
  }

  /** Call it once. */
  close(): void {
    this.failure ??= new EventStoreUnavailable('the subscription was stopped');
    void this.subscription.unsubscribe().catch(() => {});
    this.subscription.destroy();
  }

  private hold(record: LogRecord): void {
    const event = this.records.ours(record);
    if (!event) return;
    this.held.push(event);
    if (this.held.length >= MAX_HELD) this.subscription.pause();
    this.changes.notify();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.changes.notify();
  }
}
