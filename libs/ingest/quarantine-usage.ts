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

const costOf = (bytes: number): number => bytes * GROWTH + ENTRY_BYTES;

/** The waiting entries of an account and a source, as a statement returns them. */
export interface UsageRow {
  account: string;
  source: string | null;
  entries: string;
  bytes: string;
}

interface Usage {
  readAt: number;
  total: number;
  byAccount: Map<string, number>;
  sources: Set<string>;
}

/** What waiting entries take of the disk, read from the table now and then; entries of this process count at once. */
export class QuarantineUsage {
  private usage: Usage | undefined;

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

  /** The sources that have waiting entries. */
  async sources(): Promise<ReadonlySet<string>> {
    return (await this.current()).sources;
  }

  /** Entries were settled: the next call reads the table. */
  forget(): void {
    this.usage = undefined;
  }

  private async current(): Promise<Usage> {
    const now = this.clock.now();
    if (this.usage && Math.abs(now - this.usage.readAt) < FRESH_MS) return this.usage;
    const rows = await this.read();
    const usage: Usage = { readAt: now, total: 0, byAccount: new Map(), sources: new Set() };
    for (const { account, source, entries, bytes } of rows) {
      const cost = Number(bytes) * GROWTH + Number(entries) * ENTRY_BYTES;
      usage.total += cost;
      usage.byAccount.set(account, (usage.byAccount.get(account) ?? 0) + cost);
      if (source !== null) usage.sources.add(source);
    }
    this.usage = usage;
    return usage;
  }
}
