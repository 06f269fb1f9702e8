import type { DataSource, Repository } from 'typeorm';
import type { Clock } from '../kernel/clock.js';
import { NotFound } from '../kernel/errors.js';
import { type Ids, isUuid } from '../kernel/ids.js';
import type { PersonKeys } from '../platform/personal-data/person-keys.js';
import type { QuarantineEntry, QuarantineStatus } from './quarantine-entry.js';
import { StoredQuarantineEntry } from './stored-quarantine-entry.js';

export interface RejectedEvent {
  /** `http`, or `kafka:` and the topic. */
  channel: string;
  actor: string;
  id: string | null;
  source: string | null;
  type: string | null;
  reason: string;
  field: string;
  detail: string;
  raw: Buffer;
}

/**
 * The raw bytes may hold anybody's data, so they are encrypted with a key of their own. No account id contains a slash, so
 * no account's erasure destroys this key.
 */
const KEY = '/quarantine';

/** Keeps rejected events, once per content, until an operator fixes the cause and replays them. */
export class Quarantine {
  private readonly entries: Repository<StoredQuarantineEntry>;

  constructor(
    dataSource: DataSource,
    private readonly keys: PersonKeys,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {
    this.entries = dataSource.getRepository(StoredQuarantineEntry);
  }

  /** @returns the entries' ids, in order; a repeat increments `seen` and sets the entry to waiting again */
  async put(refused: readonly RejectedEvent[]): Promise<string[]> {
    const now = new Date(this.clock.now());
    const ids: string[] = [];
    for (const one of refused) ids.push(await this.putOne(one, now));
    return ids;
  }

  private async putOne(one: RejectedEvent, now: Date): Promise<string> {
    const bytes = one.raw.toString('base64');
    const fingerprint = this.keys.keyedHash(`${one.channel}\n${bytes}`);
    const why = {
      reason: storable(one.reason),
      field: storable(one.field),
      detail: storable(one.detail),
      status: 'waiting' as const,
      lastSeenAt: now,
    };
    const inserted = await this.entries
      .createQueryBuilder()
      .insert()
      .values({
        ...why,
        id: this.ids.next(),
        fingerprint,
        channel: storable(one.channel),
        actor: storable(one.actor),
        eventId: one.id && storable(one.id),
        source: one.source && storable(one.source),
        type: one.type && storable(one.type),
        raw: await this.keys.encrypt(KEY, bytes, fingerprint),
        bytes: one.raw.length,
        firstSeenAt: now,
      })
      .orIgnore()
      .returning('id')
      .updateEntity(false)
      .execute();
    if (inserted.raw.length > 0) return inserted.raw[0].id;
    const updated = await this.entries
      .createQueryBuilder()
      .update()
      .set({ ...why, seen: () => 'seen + 1' })
      .where({ fingerprint })
      .returning('id')
      .execute();
    return updated.raw[0].id;
  }

  /** Oldest first. @param after the id of the last entry of the page before */
  async list(status: QuarantineStatus | undefined, limit: number, after?: string): Promise<QuarantineEntry[]> {
    const page = this.entries.createQueryBuilder('entry').orderBy({ 'entry.firstSeenAt': 'ASC', 'entry.id': 'ASC' });
    if (status) page.andWhere({ status });
    if (after) {
      const last = await this.entries.findOneBy({ id: after });
      if (!last) return [];
      page.andWhere('(entry.firstSeenAt, entry.id) > (:at, :after)', { at: last.firstSeenAt, after });
    }
    return (await page.limit(limit).getMany()).map(toEntry);
  }

  /** @throws NotFound `quarantine-entry-unknown` */
  async show(id: string): Promise<QuarantineEntry & { raw: Buffer }> {
    const entry = isUuid(id) ? await this.readWhole(id) : null;
    if (!entry)
      throw new NotFound(
        'quarantine-entry-unknown',
        `there is no quarantine entry ${id}: GET /v1/quarantine lists them`,
      );
    const raw = Buffer.from(await this.keys.decrypt(KEY, entry.raw, entry.fingerprint), 'base64');
    return { ...toEntry(entry), raw };
  }

  private readWhole(id: string): Promise<StoredQuarantineEntry | null> {
    return this.entries
      .createQueryBuilder('entry')
      .addSelect(['entry.raw', 'entry.fingerprint'])
      .where({ id })
      .getOne();
  }

  async markReplayed(id: string): Promise<void> {
    await this.entries.update({ id }, { status: 'replayed' });
  }

  /** Number of waiting entries by reason. */
  async waiting(): Promise<Record<string, number>> {
    const counts = await this.entries
      .createQueryBuilder('entry')
      .select('entry.reason', 'reason')
      .addSelect('count(*)', 'entries')
      .where({ status: 'waiting' })
      .groupBy('entry.reason')
      .orderBy('entry.reason')
      .getRawMany<{ reason: string; entries: string }>();
    return Object.fromEntries(counts.map(({ reason, entries }) => [reason, Number(entries)]));
  }
}

/** PostgreSQL's text can't hold a NUL, but attributes may. The raw bytes keep it. */
const storable = (text: string): string => text.replaceAll('\u0000', '\\u0000');

const toEntry = ({ raw, fingerprint, firstSeenAt, lastSeenAt, ...entry }: StoredQuarantineEntry): QuarantineEntry => ({
  ...entry,
  firstSeenAt: firstSeenAt.toISOString(),
  lastSeenAt: lastSeenAt.toISOString(),
});
