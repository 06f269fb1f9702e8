import type { RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';

interface Request {
  stream: string;
  from: number;
  limit: number;
  resolve(events: RecordedEvent[]): void;
  reject(error: unknown): void;
}

export interface StreamSlice {
  stream: string;
  from: number;
  limit: number;
}

const MAX_STREAMS = 128;
/** Leaves connections for other queries; more would only queue in the server. */
const IN_FLIGHT = 2;

/** Collects the stream reads of concurrent decisions into one query. */
export class StreamReader {
  private requests: Request[] = [];
  private inFlight = 0;
  private scheduled = false;

  constructor(private readonly load: (slices: readonly StreamSlice[]) => Promise<RecordedEvent[][]>) {}

  read(stream: string, from: number, limit: number): Promise<RecordedEvent[]> {
    return new Promise((resolve, reject) => {
      this.requests.push({ stream, from, limit, resolve, reject });
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
    while (this.inFlight < IN_FLIGHT && this.requests.length > 0) {
      const batch = this.requests.splice(0, MAX_STREAMS);
      this.inFlight++;
      this.load(batch)
        .then(
          (found) => {
            for (const [i, request] of batch.entries()) request.resolve(found[i]!);
          },
          (error) => {
            // While the store is unreachable, later reads would fail too, one after the other, and wait ever longer.
            const behind = error instanceof StoreUnavailable ? this.requests.splice(0) : [];
            for (const request of [...batch, ...behind]) request.reject(error);
          },
        )
        .finally(() => {
          this.inFlight--;
          this.pump();
        });
    }
  }
}
