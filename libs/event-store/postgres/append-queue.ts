import type { StreamWrite, WriteResult } from '../event-store.js';

export interface AppendJob {
  writes: readonly StreamWrite[];
  resolve(results: WriteResult[]): void;
  reject(error: unknown): void;
}

const MAX_WRITES = 256;
/** Small enough that two batches are under way when several lanes write: one is parsed while the other commits. */
const MAX_EVENTS = 1_000;
/** One travels and is parsed while the other commits; the head's row lets only one of them write at a time anyway. */
const BULK_IN_FLIGHT = 2;
/** A job of no more events than this is a decision that somebody waits for; batches of facts let it pass. */
const SMALL_EVENTS = 16;

const eventsIn = ({ writes }: AppendJob): number => writes.reduce((sum, write) => sum + write.events.length, 0);
const isSmall = (job: AppendJob): boolean => eventsIn(job) <= SMALL_EVENTS;

/**
 * Collects the appends that arrive while others are under way and sends them together: one statement and one commit for
 * many callers. Small ones go together and ahead of batches: while one is under way, only one batch is.
 * Writes to one stream are never under way twice, so a caller's order is kept.
 */
export class AppendQueue {
  private small: AppendJob[] = [];
  private bulk: AppendJob[] = [];
  private readonly busyStreams = new Set<string>();
  private smallInFlight = false;
  private bulkInFlight = 0;
  private scheduled = false;

  constructor(private readonly send: (jobs: readonly AppendJob[]) => Promise<void>) {}

  push(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    return new Promise((resolve, reject) => {
      const job = { writes, resolve, reject };
      (isSmall(job) && !this.isBehindBatch(job) ? this.small : this.bulk).push(job);
      if (!this.scheduled) {
        this.scheduled = true;
        setImmediate(() => {
          this.scheduled = false;
          this.pump();
        });
      }
    });
  }

  /** Tells all that wait, and were not sent, that the store is away: in turns each would only learn it later. */
  refuseWaiting(error: unknown): void {
    for (const job of [...this.small.splice(0), ...this.bulk.splice(0)]) job.reject(error);
  }

  /** Whether a batch for one of its streams waits, which it must not overtake. */
  private isBehindBatch(job: AppendJob): boolean {
    const streams = new Set(job.writes.map((write) => write.stream));
    return this.bulk.some(({ writes }) => writes.some(({ stream }) => streams.has(stream)));
  }

  private pump(): void {
    if (!this.smallInFlight) {
      const [batch, left] = this.take(this.small);
      this.small = left;
      if (batch.length > 0) {
        this.smallInFlight = true;
        this.dispatch(batch, () => {
          this.smallInFlight = false;
        });
      }
    }
    while (this.bulkInFlight < BULK_IN_FLIGHT && !(this.smallInFlight && this.bulkInFlight > 0)) {
      const [batch, left] = this.take(this.bulk);
      this.bulk = left;
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

  /** The jobs that go now, and those that are left. */
  private take(jobs: readonly AppendJob[]): [AppendJob[], AppendJob[]] {
    const batch: AppendJob[] = [];
    const left: AppendJob[] = [];
    const passedOver = new Set<string>();
    let writes = 0;
    let events = 0;
    for (const job of jobs) {
      const jobEvents = eventsIn(job);
      const fits = batch.length === 0 || (writes + job.writes.length <= MAX_WRITES && events + jobEvents <= MAX_EVENTS);
      if (!fits || job.writes.some(({ stream }) => this.busyStreams.has(stream) || passedOver.has(stream))) {
        left.push(job);
        for (const { stream } of job.writes) passedOver.add(stream);
        continue;
      }
      for (const write of job.writes) this.busyStreams.add(write.stream);
      batch.push(job);
      writes += job.writes.length;
      events += jobEvents;
    }
    return [batch, left];
  }
}
