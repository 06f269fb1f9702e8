import { createHash } from 'node:crypto';
import type { RecordedEvent } from '../kernel/envelope.js';
import { GatehouseError } from '../kernel/errors.js';

/** What must be the same in two logs for one to be the copy of the other. */
export interface LogSummary {
  events: number;
  streams: number;
  /** SHA-256, in hex, over a line of JSON for each event in the log's order. */
  sha256: string;
}

/** Two logs, or a log and its file, do not hold the same; the message says what differs. */
export class LogsDiffer extends GatehouseError {
  constructor(message: string) {
    super('logs-differ', message, 'refused');
  }
}

/** Everything of an event that a copy keeps. Its position is the log's own, and when it was first stored counts. */
export function lineOf({ stream, revision, id, type, recordedAt, metadata, data }: RecordedEvent): string {
  const { recordedat: _, ...kept } = metadata;
  return JSON.stringify({ stream, revision, id, type, recordedAt, metadata: kept, data });
}

/** Runs along with the events of a log. */
export class LogDigest {
  private readonly hash = createHash('sha256');
  private readonly counts = new Map<string, number>();
  private events = 0;

  /** @throws LogsDiffer when the stream's numbers are not 0, 1, 2 … */
  add(line: string, { stream, revision }: Pick<RecordedEvent, 'stream' | 'revision'>): void {
    const count = this.counts.get(stream) ?? 0;
    if (revision !== count) throw new LogsDiffer(`${stream} goes on with revision ${revision} after ${count} events`);
    this.counts.set(stream, count + 1);
    this.events++;
    this.hash.update(line).update('\n');
  }

  summary(): LogSummary {
    return { events: this.events, streams: this.counts.size, sha256: this.hash.copy().digest('hex') };
  }

  /** Streams of which another log holds more or fewer events, with both counts. */
  streamsThatDiffer(other: LogDigest): { stream: string; here: number; there: number }[] {
    return [...new Set([...this.counts.keys(), ...other.counts.keys()])]
      .map((stream) => ({ stream, here: this.counts.get(stream) ?? 0, there: other.counts.get(stream) ?? 0 }))
      .filter(({ here, there }) => here !== there);
  }
}

export const isSame = (a: LogSummary, b: LogSummary): boolean =>
  a.events === b.events && a.streams === b.streams && a.sha256 === b.sha256;
