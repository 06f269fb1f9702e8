import { type Clock, DAY_MS, toIso, utcDayOf } from '../../kernel/clock.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { isTransientDatabaseError } from '../../kernel/transient.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { Pool } from '../../platform/database/database.js';

/** A repeat is detected for thirty days; the rest allows for clocks and time zones. */
const REMEMBERED_DAYS = 32;
const PRUNE_EVERY_MS = 3_600_000;
const PRUNE_SLICE = 20_000;

export interface IndexedFact {
  id: string;
  position: Position;
  /** When it was stored, RFC 3339. */
  recordedAt: string;
}

export const placeOf = ({ id, position, recordedAt }: RecordedEvent): IndexedFact => ({ id, position, recordedAt });

/** The ids of the facts of the last weeks, and the indexed revision of each lane. */
export class FactIndex {
  private prunedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly pool: Pool,
    private readonly clock: Clock,
  ) {}

  /** The revision of a lane up to which its facts are indexed; -1 before the first. */
  async notedUpTo(lane: string): Promise<number> {
    const rows = await this.query('SELECT revision FROM facts.lanes WHERE lane = $1', [lane]);
    return rows[0] ? Number(rows[0].revision) : -1;
  }

  /** The indexed ids among these, with their positions. */
  async known(ids: readonly string[]): Promise<Map<string, Position>> {
    const rows = await this.query('SELECT id, position FROM facts.ids WHERE id = ANY ($1)', [
      arrayParameter('uuid', ids),
    ]);
    return new Map(rows.map(({ id, position }) => [id as string, Number(position)]));
  }

  /** Indexes the facts of a lane up to a revision, with that revision, in one transaction. Idempotent. */
  async note(lane: string, revision: number, facts: readonly IndexedFact[]): Promise<void> {
    const oldest = toIso(this.clock.now() - REMEMBERED_DAYS * DAY_MS);
    // Sorted, so that two processes that index the same facts can't deadlock.
    const recent = facts.filter((fact) => fact.recordedAt >= oldest).sort((a, b) => (a.id < b.id ? -1 : 1));
    await this.query(
      `WITH noted AS (
         INSERT INTO facts.ids (id, position, day)
         SELECT * FROM unnest($3::uuid[], $4::bigint[], $5::text[]::date[]) ON CONFLICT (id) DO NOTHING
       )
       INSERT INTO facts.lanes AS l (lane, revision) VALUES ($1, $2)
       ON CONFLICT (lane) DO UPDATE SET revision = greatest(l.revision, excluded.revision)`,
      [
        lane,
        revision,
        arrayParameter(
          'uuid',
          recent.map((fact) => fact.id),
        ),
        arrayParameter(
          'int8',
          recent.map((fact) => fact.position),
        ),
        arrayParameter(
          'text',
          recent.map((fact) => utcDayOf(fact.recordedAt)),
        ),
      ],
    );
    await this.prune();
  }

  /** Deletes some of the expired facts, now and then. */
  private async prune(): Promise<void> {
    const now = this.clock.now();
    if (now - this.prunedAt < PRUNE_EVERY_MS) return;
    const pruned = await this.query(
      `DELETE FROM facts.ids WHERE ctid = ANY (ARRAY(SELECT ctid FROM facts.ids WHERE day < $1 LIMIT $2)) RETURNING 1`,
      [utcDayOf(toIso(now - REMEMBERED_DAYS * DAY_MS)), PRUNE_SLICE],
    );
    if (pruned.length < PRUNE_SLICE) this.prunedAt = now;
  }

  private async query(text: string, values: unknown[]): Promise<Record<string, unknown>[]> {
    try {
      return (await this.pool.query(text, values)).rows;
    } catch (error) {
      if (!isTransientDatabaseError(error)) throw error;
      throw new StoreUnavailable(`the index of facts does not answer: ${(error as Error).message}`, { cause: error });
    }
  }
}
