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
const IN_FLIGHT = 2;

/**
 * Collects the appends that arrive while others are under way and sends them together: one statement and one commit for
 * many callers. Writes to one stream are never under way twice, so a caller's order is kept.
 */
export class AppendQueue {
  private jobs: AppendJob[] = [];
  private readonly busyStreams = new Set<string>();
  private inFlight = 0;
  private scheduled = false;

  constructor(private readonly send: (jobs: readonly AppendJob[]) => Promise<void>) {}

  push(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    return new Promise((resolve, reject) => {
      this.jobs.push({ writes, resolve, reject });
      if (!this.scheduled) {
        this.scheduled = true;
        setImmediate(() => {
          this.scheduled = false;
          this.pump();
        });
      }
    });
  }

  private pump(): void {
    while (this.inFlight < IN_FLIGHT) {
      const batch = this.take();
      if (batch.length === 0) return;
      this.inFlight++;
      void this.send(batch).finally(() => {
        for (const job of batch) for (const write of job.writes) this.busyStreams.delete(write.stream);
        this.inFlight--;
        this.pump();
      });
    }
  }

  private take(): AppendJob[] {
    const batch: AppendJob[] = [];
    const left: AppendJob[] = [];
    let writes = 0;
    let events = 0;
    for (const job of this.jobs) {
      const jobEvents = job.writes.reduce((sum, write) => sum + write.events.length, 0);
      const fits = batch.length === 0 || (writes + job.writes.length <= MAX_WRITES && events + jobEvents <= MAX_EVENTS);
      if (!fits || job.writes.some((write) => this.busyStreams.has(write.stream))) {
        left.push(job);
        continue;
      }
      for (const write of job.writes) this.busyStreams.add(write.stream);
      batch.push(job);
      writes += job.writes.length;
      events += jobEvents;
    }
    this.jobs = left;
    return batch;
  }
}
