import { EventStoreDBClient } from '@eventstore/db-client';
import type { Position } from '../../kernel/envelope.js';
import { type ExpectedRevision, WriteTooLarge } from '../event-store.js';
import { eventStoreAddress } from './client-addresses.js';
import { reportedLimit, typeOf } from './client-errors.js';
import { answerWithin, NoAnswer } from './deadlines.js';
import { MAX_WRITE_BYTES, type PreparedEvents, toRevision } from './log-records.js';
import { WriteTurns } from './write-turns.js';

export interface Appended {
  /** Position of the write's last event. */
  revision: number;
  /** Undefined if the server does not return it. */
  position: Position | undefined;
  /** Newest position returned to an append of this process before this one was sent. */
  acknowledgedBefore: Position;
}

/**
 * The client sends a deadline by its own clock, and the server rejects one that is past by its own: with a shorter one,
 * clocks that differ would block every append. The server's own write timeout applies anyway.
 */
const SERVER_DEADLINE_MS = 86_400_000;
const ANSWER_DEADLINE_MS = 12_000;
const DISPOSAL_MS = 5_000;
/**
 * The client buffers 16 messages of its append stream; further ones wait in a queue whose rejection is unhandled if the
 * connection breaks, which ends the process. So fewer are in flight.
 */
const MESSAGES_UNDER_WAY = 15;
/** The client splits a write into messages of about this size. */
const MESSAGE_BYTES = 1.5 * 1024 * 1024;

/**
 * The only client of this process that appends. The client library keeps running appends in a map of the whole module, and
 * an error of one append stream rejects them all; a later answer on another stream then throws uncaught. So there is no
 * second appending client, reads use another client, and a new one is created only after the old one is gone.
 */
export class WriteClient {
  private static readonly opened = new Map<string, WriteClient>();
  /** Maximum bytes per append, as far as the server has reported it. */
  limit = MAX_WRITE_BYTES;
  private readonly turns = new WriteTurns(MESSAGES_UNDER_WAY);
  private client: EventStoreDBClient;
  private renewal: Promise<void> = Promise.resolve();
  private acknowledged: Position = 0;
  private users = 0;

  private constructor(private readonly connectionString: string) {
    this.client = this.connect();
  }

  /** The process's client for a server; each caller releases it. */
  static take(connectionString: string): WriteClient {
    const known = WriteClient.opened.get(connectionString) ?? new WriteClient(connectionString);
    WriteClient.opened.set(connectionString, known);
    known.users++;
    return known;
  }

  async release(): Promise<void> {
    if (--this.users > 0) return;
    WriteClient.opened.delete(this.connectionString);
    await dispose(this.client);
  }

  /** Appends of one stream keep their order. @throws the client's errors, NoAnswer and WriteTooLarge */
  append(stream: string, expected: ExpectedRevision, { events, bytes }: PreparedEvents): Promise<Appended> {
    return this.turns.run(stream, 1 + Math.floor(bytes / MESSAGE_BYTES), async () => {
      await this.renewal;
      const { client, acknowledged: acknowledgedBefore } = this;
      try {
        const { nextExpectedRevision, position } = await answerWithin(
          ANSWER_DEADLINE_MS,
          client.appendToStream(stream, events, {
            expectedRevision: toRevision(expected),
            deadline: SERVER_DEADLINE_MS,
            requiresLeader: true,
          }),
          `an append to ${stream}`,
        );
        const commit = position && Number(position.commit);
        if (commit) this.acknowledged = Math.max(this.acknowledged, commit);
        return { revision: Number(nextExpectedRevision), position: commit, acknowledgedBefore };
      } catch (error) {
        const limit = reportedLimit(error);
        if (limit !== undefined) {
          this.limit = Math.min(this.limit, limit);
          throw new WriteTooLarge(
            `the event store does not accept ${events.length} events with ${bytes} bytes for ${stream} at once: ` +
              'raise its MaxAppendSize, and with it its MaxAppendEventSize',
          );
        }
        if (leavesClientBroken(error)) this.renew(client);
        throw error;
      }
    });
  }

  private renew(broken: EventStoreDBClient): void {
    if (broken !== this.client) return;
    this.client = this.connect();
    this.renewal = dispose(broken);
  }

  private connect(): EventStoreDBClient {
    return EventStoreDBClient.connectionString(eventStoreAddress(this.connectionString));
  }
}

/**
 * The client reconnects by itself after the server was unavailable, but not after other failures: an append stream that
 * never answers, and a failed request for the server's features, which is the error without a type. An unknown status has
 * no code; its connection is sound.
 */
function leavesClientBroken(error: unknown): boolean {
  if (error instanceof NoAnswer) return true;
  const type = typeOf(error);
  const { code } = error as { code?: number };
  return type === 'unknown' ? code !== undefined : type === undefined && code !== UNAVAILABLE;
}

const UNAVAILABLE = 14;

const dispose = (client: EventStoreDBClient): Promise<void> =>
  answerWithin(DISPOSAL_MS, client.dispose(), 'a goodbye').catch(() => {});
