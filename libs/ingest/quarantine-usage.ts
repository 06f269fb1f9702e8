import type { Clock } from '../kernel/clock.js';

export interface QuarantineLimits {
  /** Of the waiting entries of one source. */
  sourceBytes: number;
  /** Of all waiting entries. */
  totalBytes: number;
}

/** Bytes of the disk for an entry without its event. */
const ENTRY_BYTES = 1_000;
/** The event is encrypted, and encoded twice. */
const GROWTH = 1.8;
/** Other processes' entries count after this time at the latest. */
const FRESH_MS = 5_000;

/** Of entries of an earlier version, which don't say whose budget they take. */
const NOBODY = '';

/** A larger event may not fit before the last byte is used. */
const FULL_SHARE = 0.95;

export const QUARANTINE_ROOM = ['free', 'full-for-some', 'full'] as const;
export type QuarantineRoom = (typeof QUARANTINE_ROOM)[number];

const isFull = (used: number, limit: number): boolean => used >= limit * FULL_SHARE;

const costOf = (bytes: number): number => bytes * GROWTH + ENTRY_BYTES;

/** The waiting entries of an account and a source, as a statement returns them. */
export interface UsageRow {
  account: string;
  source: string | null;
  entries: string;
  bytes: string;
}

interface Usage {
  total: number;
  byAccount: Map<string, number>;
  sources: Set<string>;
}

/** What waiting entries take of the disk, read from the table now and then; entries of this process count at once. */
export class QuarantineUsage {
  /** Concurrent callers share one read, so that what each of them keeps is counted. */
  private reading: { at: number; usage: Promise<Usage> } | undefined;

  constructor(
    private readonly read: () => Promise<readonly UsageRow[]>,
    private readonly limits: QuarantineLimits,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts an entry if there is room for it.
   * @param account whose budget it is
   */
  async admit(account: string, source: string | null, bytes: number): Promise<boolean> {
    const usage = await this.current();
    const cost = costOf(bytes);
    const used = usage.byAccount.get(account) ?? 0;
    if (used + cost > this.limits.sourceBytes || usage.total + cost > this.limits.totalBytes) return false;
    usage.byAccount.set(account, used + cost);
    usage.total += cost;
    if (source !== null) usage.sources.add(source);
    return true;
  }

  /** Counts a source whose waiting entry was kept without it. */
  async note(source: string | null): Promise<void> {
    if (source !== null) (await this.current()).sources.add(source);
  }

  /** Whether entries still fit: `full` past 95% of the room of all, `full-for-some` past that of a source or sender. */
  async room(): Promise<QuarantineRoom> {
    const { total, byAccount } = await this.current();
    if (isFull(total, this.limits.totalBytes)) return 'full';
    return [...byAccount.values()].some((used) => isFull(used, this.limits.sourceBytes)) ? 'full-for-some' : 'free';
  }

  /** The sources that have waiting entries. */
  async sources(): Promise<ReadonlySet<string>> {
    return (await this.current()).sources;
  }

  /** Entries were settled: the next call reads the table. */
  forget(): void {
    this.reading = undefined;
  }

  private current(): Promise<Usage> {
    const now = this.clock.now();
    if (this.reading && Math.abs(now - this.reading.at) < FRESH_MS) return this.reading.usage;
    const reading = { at: now, usage: this.sum() };
    this.reading = reading;
    reading.usage.catch(() => {
      if (this.reading === reading) this.reading = undefined;
    });
    return reading.usage;
  }

  private async sum(): Promise<Usage> {
    const usage: Usage = { total: 0, byAccount: new Map(), sources: new Set() };
    for (const { account, source, entries, bytes } of await this.read()) {
      const cost = Number(bytes) * GROWTH + Number(entries) * ENTRY_BYTES;
      usage.total += cost;
      if (account !== NOBODY) usage.byAccount.set(account, (usage.byAccount.get(account) ?? 0) + cost);
      if (source !== null) usage.sources.add(source);
    }
    return usage;
  }
}
