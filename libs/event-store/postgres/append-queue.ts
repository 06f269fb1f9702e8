import { APPEND_EVENTS, APPEND_WRITES, FEW_EVENTS } from '../../kernel/fact-limits.js';
import type { StreamWrite, WriteResult } from '../event-store.js';

export interface AppendJob {
  writes: readonly StreamWrite[];
  resolve(results: WriteResult[]): void;
  reject(error: unknown): void;
}

/** One is sent and parsed while the other commits; the lock on the head's row admits one writer at a time anyway. */
const BULK_IN_FLIGHT = 2;

interface Waiting extends AppendJob {
  events: number;
  /** A decision, whose caller waits; it overtakes batches of facts. */
  isSmall: boolean;
}

/**
 * Collects appends that arrive while others are running and sends them together: one statement and one commit for many
 * callers. Small appends go together and ahead of batches: while one is running, only one batch is. Writes to one stream
 * never overlap and keep their order, small or not.
 */
export class AppendQueue {
  private waiting: Waiting[] = [];
  private readonly busyStreams = new Set<string>();
  private smallInFlight = false;
  private bulkInFlight = 0;
  private scheduled = false;

  constructor(private readonly send: (jobs: readonly AppendJob[]) => Promise<void>) {}

  push(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    return new Promise((resolve, reject) => {
      const events = writes.reduce((sum, write) => sum + write.events.length, 0);
      this.waiting.push({ writes, resolve, reject, events, isSmall: events <= FEW_EVENTS });
      if (!this.scheduled) {
        this.scheduled = true;
        setImmediate(() => {
          this.scheduled = false;
          this.pump();
        });
      }
    });
  }

  /** Rejects all waiting appends if the store is unreachable: one after the other they would only fail later. */
  refuseWaiting(error: unknown): void {
    for (const job of this.waiting.splice(0)) job.reject(error);
  }

  private pump(): void {
    if (!this.smallInFlight) {
      const batch = this.take(true);
      if (batch.length > 0) {
        this.smallInFlight = true;
        this.dispatch(batch, () => {
          this.smallInFlight = false;
        });
      }
    }
    while (this.bulkInFlight < BULK_IN_FLIGHT && !(this.smallInFlight && this.bulkInFlight > 0)) {
      const batch = this.take(false);
      if (batch.length === 0) return;
      this.bulkInFlight++;
      this.dispatch(batch, () => {
        this.bulkInFlight--;
      });
    }
  }

  private dispatch(batch: readonly AppendJob[], done: () => void): void {
    void this.send(batch).finally(() => {
      for (const job of batch) for (const write of job.writes) this.busyStreams.delete(write.stream);
      done();
      this.pump();
    });
  }

  /** The jobs of a kind to send now. None overtakes another that writes to one of its streams. */
  private take(small: boolean): AppendJob[] {
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    const passedOver = new Set<string>();
    let [writes, events] = [0, 0];
    for (const job of this.waiting) {
      const fits =
        batch.length === 0 || (writes + job.writes.length <= APPEND_WRITES && events + job.events <= APPEND_EVENTS);
      const isFree = ({ stream }: StreamWrite) => !this.busyStreams.has(stream) && !passedOver.has(stream);
      if (job.isSmall === small && fits && job.writes.every(isFree)) {
        for (const { stream } of job.writes) this.busyStreams.add(stream);
        batch.push(job);
        writes += job.writes.length;
        events += job.events;
      } else {
        left.push(job);
        for (const { stream } of job.writes) passedOver.add(stream);
      }
    }
    this.waiting = left;
    return batch;
  }
}
