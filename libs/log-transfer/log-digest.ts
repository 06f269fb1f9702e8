import { createHash } from 'node:crypto';
import type { RecordedEvent } from '../kernel/envelope.js';
import { GatehouseError } from '../kernel/errors.js';

/** Equal for two logs if one is a copy of the other. */
export interface LogSummary {
  events: number;
  streams: number;
  /** SHA-256, in hex, over one line of JSON per event, in log order. */
  sha256: string;
}

/** Two logs, or a log and its file, differ; the message names the difference. */
export class LogsDiffer extends GatehouseError {
  constructor(message: string) {
    super('logs-differ', message, 'refused');
  }
}

/** The fields of an event that a copy keeps: not its position, and the time when it was first stored. */
export function lineOf({ stream, revision, id, type, recordedAt, metadata, data }: RecordedEvent): string {
  const { recordedat: _, ...kept } = metadata;
  return JSON.stringify({ stream, revision, id, type, recordedAt, metadata: kept, data });
}

/** Computes the summary of a log, event by event. */
export class LogDigest {
  private readonly hash = createHash('sha256');
  private readonly counts = new Map<string, number>();
  private events = 0;

  /** @throws LogsDiffer if the revisions of a stream are not 0, 1, 2 … */
  add(line: string, { stream, revision }: Pick<RecordedEvent, 'stream' | 'revision'>): void {
    const count = this.counts.get(stream) ?? 0;
    if (revision !== count) throw new LogsDiffer(`${stream} has revision ${revision} after ${count} events`);
    this.counts.set(stream, count + 1);
    this.events++;
    this.hash.update(line).update('\n');
  }

  summary(): LogSummary {
    return { events: this.events, streams: this.counts.size, sha256: this.hash.copy().digest('hex') };
  }

  /** Streams with more or fewer events in the other log, with both counts. */
  streamsThatDiffer(other: LogDigest): { stream: string; here: number; there: number }[] {
    return [...new Set([...this.counts.keys(), ...other.counts.keys()])]
      .map((stream) => ({ stream, here: this.counts.get(stream) ?? 0, there: other.counts.get(stream) ?? 0 }))
      .filter(({ here, there }) => here !== there);
  }
}

export const isSame = (a: LogSummary, b: LogSummary): boolean =>
  a.events === b.events && a.streams === b.streams && a.sha256 === b.sha256;
