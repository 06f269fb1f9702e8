import { type DataSource, In, LessThan, type Repository } from 'typeorm';
import { type Clock, DAY_MS } from '../kernel/clock.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import { type Ids, isUuid } from '../kernel/ids.js';
import { storable } from '../kernel/text-forms.js';
import { isTransientDatabaseError } from '../kernel/transient.js';
import { arrayParameter } from '../platform/database/array-parameters.js';
import { Unreadable } from '../platform/personal-data/encrypted-text.js';
import type { PersonKeys } from '../platform/personal-data/person-keys.js';
import type { QuarantineEntry, QuarantineStatus } from './quarantine-entry.js';
import { type QuarantineLimits, type QuarantineRoom, QuarantineUsage, type UsageRow } from './quarantine-usage.js';
import { QUARANTINE_KEY, ReportedAttributesCipher } from './reported-attributes.js';
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

const PURGE_SLICE = 5_000;
const NO_LIMITS: QuarantineLimits = { sourceBytes: Number.POSITIVE_INFINITY, totalBytes: Number.POSITIVE_INFINITY };

export interface QuarantineReport {
  /** A rejected event was not kept: the budget of its source or of all is used up, or the quarantine's key is damaged. */
  notKept?(cause: 'budget' | 'key'): void;
}

/**
 * Keeps rejected events, once per content, until an operator fixes the cause and replays them, or discards them, or their
 * sender sends a corrected event of the same source and id. Only a waiting entry keeps the bytes.
 */
export class Quarantine {
  private readonly entries: Repository<StoredQuarantineEntry>;
  private readonly usage: QuarantineUsage;
  private readonly reported: ReportedAttributesCipher;
  /** Set once, by what has the metrics of the process. */
  report: QuarantineReport = {};

  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: PersonKeys,
    private readonly ids: Ids,
    private readonly clock: Clock,
    limits = NO_LIMITS,
  ) {
    this.entries = dataSource.getRepository(StoredQuarantineEntry);
    this.usage = new QuarantineUsage(() => this.waitingBytes(), limits, clock);
    this.reported = new ReportedAttributesCipher(keys);
  }

  /**
   * @returns the entries' ids, in order; undefined for an event that is not kept. A repeat increments `seen` and sets the
   * entry to waiting again
   */
  async put(refused: readonly RejectedEvent[]): Promise<(string | undefined)[]> {
    const now = new Date(this.clock.now());
    const ids: (string | undefined)[] = [];
    for (const one of refused) ids.push(await this.putOne(one, now));
    return ids;
  }

  private async putOne(one: RejectedEvent, now: Date): Promise<string | undefined> {
    const bytes = one.raw.toString('base64');
    const fingerprint = this.keys.keyedHash(`${one.channel}\n${bytes}`);
    const { id: eventId, source, type, field, detail } = one;
    const reported = await this.reported.encrypt({ eventId, source, type, field, detail }, fingerprint);
    const sourceKey = source === null ? null : this.sourceKey(source);
    const keys = {
      account: sourceKey === null || one.reason === 'source-not-allowed' ? this.sourceKey(one.actor) : sourceKey,
      source: sourceKey,
      identity: source === null || eventId === null ? null : this.identityKey(source, eventId),
    };
    // The keys too: an entry of an earlier version has none.
    const why = {
      ...keys,
      reason: storable(one.reason),
      lastSeenAt: now,
      ...(reported === undefined ? {} : { reported }),
    };
    // Without its bytes an entry can't wait, so one that is settled stays as it is until there is room for them.
    const waiting = await this.seenAgain({ fingerprint, status: 'waiting' }, why);
    if (waiting !== undefined) {
      await this.usage.note(sourceKey);
      return waiting;
    }
    if (reported === undefined) {
      this.report.notKept?.('key');
      return undefined;
    }
    if (!(await this.usage.admit(keys.account, sourceKey, one.raw.length))) {
      this.report.notKept?.('budget');
      return undefined;
    }
    const raw = await this.keys.encrypt(QUARANTINE_KEY, bytes, fingerprint);
    const kept = { ...why, reported, status: 'waiting' as const, raw, settledBy: null };
    const inserted = await this.entries
      .createQueryBuilder()
      .insert()
      .values({
        ...kept,
        id: this.ids.next(),
        fingerprint,
        channel: storable(one.channel),
        actor: storable(one.actor),
        bytes: one.raw.length,
        firstSeenAt: now,
      })
      .orIgnore()
      .returning('id')
      .updateEntity(false)
      .execute();
    // The same bytes came before: they wait, or were settled.
    return inserted.raw[0]?.id ?? (await this.seenAgain({ fingerprint }, kept));
  }

  /** Finds the entries of a source, and its budget, without its name. */
  private sourceKey(source: string): string {
    return this.keys.keyedHash(`quarantined source\n${source}`);
  }

  private identityKey(source: string, id: string): string {
    return this.keys.keyedHash(`quarantined event\n${source}\n${id}`);
  }

  /** @returns undefined if there is no such entry */
  private async seenAgain(
    which: { fingerprint: string; status?: QuarantineStatus },
    changes: Partial<StoredQuarantineEntry>,
  ): Promise<string | undefined> {
    const updated = await this.entries
      .createQueryBuilder()
      .update()
      .set({ ...changes, seen: () => 'seen + 1' })
      .where(which)
      .returning('id')
      .execute();
    return updated.raw[0]?.id;
  }

  /** Oldest first. @param after the last entry of the page before, which may be deleted since */
  async list(
    status: QuarantineStatus | undefined,
    limit: number,
    after?: Pick<QuarantineEntry, 'firstSeenAt' | 'id'>,
  ): Promise<QuarantineEntry[]> {
    const page = this.entries.createQueryBuilder('entry').orderBy({ 'entry.firstSeenAt': 'ASC', 'entry.id': 'ASC' });
    if (status) page.andWhere({ status });
    if (after)
      page.andWhere('(entry.firstSeenAt, entry.id) > (:at, :after)', { at: after.firstSeenAt, after: after.id });
    const entries = await page.limit(limit).addSelect(['entry.fingerprint', 'entry.reported']).getMany();
    return Promise.all(entries.map((entry) => this.toEntry(entry)));
  }

  /** The entry without its bytes, also if the quarantine's key is damaged. @throws NotFound `quarantine-entry-unknown` */
  async entry(id: string): Promise<QuarantineEntry> {
    return this.toEntry(await this.readWhole(id));
  }

  /**
   * @returns the entry, with its bytes while it waits
   * @throws NotFound `quarantine-entry-unknown`; Refusal `quarantine-entry-unreadable` if the quarantine's key is damaged
   */
  async show(id: string): Promise<QuarantineEntry & { raw?: Buffer }> {
    const entry = await this.readWhole(id);
    const shown = await this.toEntry(entry);
    if (entry.raw === null) return shown;
    const bytes = await this.keys.decrypt(QUARANTINE_KEY, entry.raw, entry.fingerprint).catch((error) => {
      if (!(error instanceof Unreadable)) throw error;
      const message = `entry ${id} can't be decrypted (${error.message}): restore the row ${QUARANTINE_KEY} of platform.subject_keys, or discard the entry`;
      throw new Refusal('quarantine-entry-unreadable', message);
    });
    return { ...shown, raw: Buffer.from(bytes, 'base64') };
  }

  /** @throws NotFound `quarantine-entry-unknown` */
  private async readWhole(id: string): Promise<StoredQuarantineEntry> {
    const whole = this.entries
      .createQueryBuilder('entry')
      .addSelect(['entry.raw', 'entry.fingerprint', 'entry.reported']);
    const entry = isUuid(id) ? await whole.where({ id }).getOne() : null;
    if (entry) return entry;
    const message = `there is no quarantine entry ${id}: GET /v1/quarantine lists them`;
    throw new NotFound('quarantine-entry-unknown', message);
  }

  async markReplayed(id: string, settledBy: string): Promise<void> {
    await this.entries.update(
      { id, status: In(['waiting', 'resolved']) },
      { status: 'replayed', raw: null, settledBy },
    );
    this.usage.forget();
  }

  /** Deletes an entry's bytes. A no-op if it is settled. @throws NotFound `quarantine-entry-unknown` */
  async discard(id: string, settledBy: string): Promise<QuarantineEntry> {
    if (isUuid(id)) {
      await this.entries.update({ id, status: 'waiting' }, { status: 'discarded', raw: null, settledBy });
      this.usage.forget();
    }
    return this.entry(id);
  }

  /**
   * Settles waiting entries of events that are stored now. An event that reused an id is another event, and stays. An entry
   * that another process kept in the last seconds may stay too; its replay then answers `duplicate`.
   */
  async resolve(stored: () => readonly { source: string; id: string }[], settledBy: string): Promise<void> {
    try {
      const sources = await this.usage.sources();
      if (sources.size === 0) return;
      const isConcerned = new Map<string, boolean>();
      const some = stored().filter(({ source }) => {
        if (!isConcerned.has(source)) isConcerned.set(source, sources.has(this.sourceKey(source)));
        return isConcerned.get(source);
      });
      if (some.length === 0) return;
      const identities = some.map(({ source, id }) => this.identityKey(source, id));
      const [, settled] = await this.dataSource.query(
        `UPDATE messaging.quarantine SET status = 'resolved', raw = NULL, settled_by = $2
         WHERE status = 'waiting' AND reason <> 'id-in-use' AND identity_key = ANY($1::text[])`,
        [arrayParameter('text', identities), settledBy],
      );
      if (settled > 0) this.usage.forget();
    } catch (error) {
      // The events are stored; the entries can still be replayed.
      if (!isTransientDatabaseError(error)) throw error;
    }
  }

  /** Deletes entries that were last seen so many days ago, whatever their status. @returns their number */
  async purge(days: number): Promise<number> {
    const before = new Date(this.clock.now() - days * DAY_MS);
    let purged = 0;
    for (let slice = PURGE_SLICE; slice === PURGE_SLICE; purged += slice) {
      const old = await this.entries.find({
        select: { id: true },
        where: { lastSeenAt: LessThan(before) },
        take: PURGE_SLICE,
      });
      slice = old.length;
      if (slice > 0) await this.entries.delete({ id: In(old.map(({ id }) => id)), lastSeenAt: LessThan(before) });
    }
    if (purged > 0) this.usage.forget();
    return purged;
  }

  private waitingBytes(): Promise<UsageRow[]> {
    return this.entries
      .createQueryBuilder('entry')
      .select(['entry.account AS account', 'entry.source AS source'])
      .addSelect('count(*)', 'entries')
      .addSelect('sum(entry.bytes)', 'bytes')
      .where({ status: 'waiting' })
      .groupBy('entry.account')
      .addGroupBy('entry.source')
      .getRawMany<UsageRow>();
  }

  /** Whether rejected events are still kept. */
  room(): Promise<QuarantineRoom> {
    return this.usage.room();
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

  private async toEntry({
    raw: _raw,
    fingerprint,
    reported,
    firstSeenAt,
    lastSeenAt,
    ...entry
  }: StoredQuarantineEntry): Promise<QuarantineEntry> {
    return {
      ...entry,
      ...(await this.reported.decrypt(reported, fingerprint)),
      firstSeenAt: firstSeenAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
    };
  }
}
