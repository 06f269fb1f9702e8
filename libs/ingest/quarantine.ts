import type pg from 'pg';
import type { Clock } from '../kernel/clock.js';
import { toIso } from '../kernel/clock.js';
import { NotFound } from '../kernel/errors.js';
import { type Ids, isUuid } from '../kernel/ids.js';
import type { PersonKeys } from '../platform/personal-data/person-keys.js';

export interface Refused {
  door: string;
  actor: string;
  id: string | null;
  source: string | null;
  type: string | null;
  reason: string;
  field: string;
  detail: string;
  raw: Buffer;
}

export interface QuarantineEntry {
  id: string;
  door: string;
  actor: string;
  eventId: string | null;
  source: string | null;
  type: string | null;
  reason: string;
  field: string;
  detail: string;
  bytes: number;
  /** How often the same bytes came in. */
  seen: number;
  status: 'waiting' | 'replayed';
  firstSeenAt: string;
  lastSeenAt: string;
}

const COLUMNS = `id, door, actor, event_id, source, type, reason, field, detail, bytes, seen, status, first_seen_at, last_seen_at`;

/**
 * Raw bytes are sealed under a key of their own, since nobody knows whose data they hold. No account's id has a slash, so
 * nobody's erasure takes this key away.
 */
const KEY = '/quarantine';

/** Keeps what could not be taken, once per content, until somebody mends the cause and replays it. */
export class Quarantine {
  constructor(
    private readonly pool: pg.Pool,
    private readonly keys: PersonKeys,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  /** @returns the entries' ids, in order; bytes that are there already count as seen again, and wait again */
  async put(refused: readonly Refused[]): Promise<string[]> {
    const now = toIso(this.clock.now());
    const ids: string[] = [];
    for (const one of refused) {
      const fingerprint = this.keys.keyedHash(`${one.door}\n${one.raw.toString('base64')}`);
      const raw = await this.keys.encrypt(KEY, one.raw.toString('base64'), fingerprint);
      const { rows } = await this.pool.query(
        `INSERT INTO messaging.quarantine AS q (id, fingerprint, door, actor, event_id, source, type, reason, field,
                                                detail, raw, bytes, first_seen_at, last_seen_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
         ON CONFLICT (fingerprint) DO UPDATE SET seen = q.seen + 1, last_seen_at = excluded.last_seen_at,
           status = excluded.status, reason = excluded.reason, field = excluded.field, detail = excluded.detail
         RETURNING id`,
        [
          this.ids.next(),
          fingerprint,
          ...[one.door, one.actor, one.id, one.source, one.type, one.reason, one.field, one.detail].map(storable),
          raw,
          one.raw.length,
          now,
        ],
      );
      ids.push(rows[0].id);
    }
    return ids;
  }

  /** Oldest first. @param after the id of the last entry of the page before */
  async list(status: 'waiting' | 'replayed' | undefined, limit: number, after?: string): Promise<QuarantineEntry[]> {
    const { rows } = await this.pool.query(
      `SELECT ${COLUMNS} FROM messaging.quarantine
       WHERE ($1::text IS NULL OR status = $1)
         AND ($3::uuid IS NULL OR (first_seen_at, id) > (SELECT first_seen_at, id FROM messaging.quarantine WHERE id = $3))
       ORDER BY first_seen_at, id LIMIT $2`,
      [status ?? null, limit, after ?? null],
    );
    return rows.map(toEntry);
  }

  /** @throws NotFound `quarantine-entry-unknown` */
  async show(id: string): Promise<QuarantineEntry & { raw: Buffer }> {
    const { rows } = isUuid(id)
      ? await this.pool.query(`SELECT ${COLUMNS}, fingerprint, raw FROM messaging.quarantine WHERE id = $1`, [id])
      : { rows: [] };
    if (!rows[0]) throw new NotFound('quarantine-entry-unknown', `there is no quarantine entry ${id}`);
    const raw = Buffer.from(await this.keys.decrypt(KEY, rows[0].raw, rows[0].fingerprint), 'base64');
    return { ...toEntry(rows[0]), raw };
  }

  async markReplayed(id: string): Promise<void> {
    await this.pool.query("UPDATE messaging.quarantine SET status = 'replayed' WHERE id = $1", [id]);
  }

  /** How many wait, by reason. */
  async waiting(): Promise<Record<string, number>> {
    const { rows } = await this.pool.query(
      "SELECT reason, count(*) AS entries FROM messaging.quarantine WHERE status = 'waiting' GROUP BY reason ORDER BY reason",
    );
    return Object.fromEntries(rows.map((row) => [row.reason, Number(row.entries)]));
  }
}

/** PostgreSQL's text can't hold a NUL; what came in may. The raw bytes keep it. */
const storable = (text: string | null) => text?.replaceAll('\u0000', '\\u0000') ?? null;

const toEntry = (row: Record<string, never>): QuarantineEntry => ({
  id: row.id!,
  door: row.door!,
  actor: row.actor!,
  eventId: row.event_id!,
  source: row.source!,
  type: row.type!,
  reason: row.reason!,
  field: row.field!,
  detail: row.detail!,
  bytes: row.bytes!,
  seen: row.seen!,
  status: row.status!,
  firstSeenAt: (row.first_seen_at as unknown as Date).toISOString(),
  lastSeenAt: (row.last_seen_at as unknown as Date).toISOString(),
});
