import { type AllStreamSubscription, type EventStoreDBClient, eventTypeFilter } from '@eventstore/db-client';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { Changes } from '../../kernel/wait.js';
import { storeError } from './client-errors.js';
import { type LogRecord, toRecorded } from './log-records.js';

/** Events held for a slow reader; past it the server is made to wait. */
const MAX_HELD = 4_000;

/** What the server pushes behind a position, all but its own records, kept until it is taken. */
export class LiveSubscription {
  private checked: Position = 0;
  private readonly subscription: AllStreamSubscription;
  private held: RecordedEvent[] = [];
  private failure: Error | undefined;
  private readonly changes = new Changes();

  constructor(client: EventStoreDBClient, after: Position) {
    this.subscription = client.subscribeToAll({
      fromPosition: after === 0 ? 'start' : { commit: BigInt(after), prepare: BigInt(after) },
      requiresLeader: true,
      filter: eventTypeFilter({
        regex: '^[^$].*',
        checkpointReached: (subscription, { commit }) => {
          // With events before it still on their way to us, a later checkpoint will do.
          if (subscription.readableLength === 0) this.checked = Number(commit);
        },
      }),
    });
    this.subscription
      .on('data', (record) => this.hold(record as LogRecord))
      .on('error', (error) => this.fail(storeError(error)))
      .on('end', () => this.fail(new StoreUnavailable('the event store ended the subscription')))
      .on('close', () => this.fail(new StoreUnavailable('the event store closed the subscription')));
  }

  /** Up to here the server has looked, and what it found was taken; 0 while something waits to be. */
  get lookedUpTo(): Position {
    return this.held.length === 0 ? this.checked : 0;
  }

  /** Waits until there is something, at most so long. @throws the error that ended the subscription */
  async take(limit: number, waitMs: number, signal: AbortSignal): Promise<RecordedEvent[]> {
    await this.changes.until(() => this.held.length > 0 || this.failure !== undefined, waitMs, signal);
    if (this.held.length === 0 && this.failure) throw this.failure;
    const taken = this.held.splice(0, limit);
    if (this.held.length < MAX_HELD && this.subscription.isPaused()) this.subscription.resume();
    return taken;
  }

  /** To be called once. */
  close(): void {
    this.failure ??= new StoreUnavailable('the subscription was given up');
    void this.subscription.unsubscribe().catch(() => {});
    this.subscription.destroy();
  }

  private hold(record: LogRecord): void {
    const event = toRecorded(record);
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
