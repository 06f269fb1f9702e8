import { type Clock, toIso, utcDayOf } from '../../kernel/clock.js';
import { pause } from '../../kernel/wait.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';

const STORE_MS = 1_000;

/** SQL: in one order in every process, so that none waits for another in a circle. */
const ADD = `
  INSERT INTO access.denied_shares (day, reason, shares)
  SELECT day::date, reason, shares FROM unnest($1::text[], $2::text[], $3::int8[]) n (day, reason, shares)
  ORDER BY day, reason
  ON CONFLICT (day, reason) DO UPDATE SET shares = access.denied_shares.shares + excluded.shares`;

export interface DeniedSharesOptions {
  /** The counts could not be stored; this is retried. */
  failed?(error: unknown): void;
}

/**
 * Counts the shares that this process denied because of the image, and adds them to those of all others, by UTC day and
 * reason. What a process that dies has counted within its last second is missing; what was stored although the answer of the
 * database was lost counts twice.
 */
export class DeniedShares {
  private readonly counts = new Map<string, Map<string, number>>();

  constructor(
    private readonly pool: { query(text: string, values?: unknown[]): Promise<unknown> },
    private readonly clock: Clock,
    private readonly options: DeniedSharesOptions = {},
  ) {}

  note(reason: string): void {
    this.add(utcDayOf(toIso(this.clock.now())), reason, 1);
  }

  /** Stores what is counted until the signal aborts, and the rest then. */
  async run(signal: AbortSignal): Promise<void> {
    const store = () => this.store().catch((error) => this.options.failed?.(error));
    for (; !signal.aborted; await pause(STORE_MS, signal)) await store();
    await store();
  }

  /** @throws errors of the database; then nothing is lost */
  async store(): Promise<void> {
    const rows = [...this.counts].flatMap(([day, byReason]) =>
      [...byReason].map(([reason, shares]) => ({ day, reason, shares })),
    );
    if (rows.length === 0) return;
    this.counts.clear();
    try {
      await this.pool.query(ADD, [
        arrayParameter(
          'text',
          rows.map(({ day }) => day),
        ),
        arrayParameter(
          'text',
          rows.map(({ reason }) => reason),
        ),
        arrayParameter(
          'int8',
          rows.map(({ shares }) => shares),
        ),
      ]);
    } catch (error) {
      for (const { day, reason, shares } of rows) this.add(day, reason, shares);
      throw error;
    }
  }

  private add(day: string, reason: string, shares: number): void {
    const byReason = this.counts.get(day) ?? new Map<string, number>();
    byReason.set(reason, (byReason.get(reason) ?? 0) + shares);
    this.counts.set(day, byReason);
  }
}
