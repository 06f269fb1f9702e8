import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Position } from '../../kernel/envelope.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { flagsView } from '../views/flags.js';
import { isolationsView } from '../views/isolations.js';

/** SQL: whether a flag `f` is kept apart by the row `i` of its flagger, as `isIsolated` says. */
const IS_ISOLATED = `EXISTS (
  SELECT FROM jsonb_to_recordset(i.spans) AS s("from" int8, "until" float8, "releasedAt" int8)
  WHERE f.position >= s."from" AND f.flagged_at < to_timestamp(s."until" / 1000)
    AND (s."releasedAt" IS NULL OR f.position < s."releasedAt"))`;

const ISOLATED = `${viewTable(isolationsView)} i JOIN ${viewTable(flagsView)} f
  ON f.flagged_by = i.flagged_by AND f.position >= (i.spans->0->>'from')::int8`;

export interface IsolatedFlag {
  flagId: string;
  imageId: string;
  categories: string[];
  /** Epoch milliseconds. */
  flaggedAt: number;
  position: Position;
  isReplayed: boolean;
}

/** Reads the flags that are kept apart, from their views. */
@Injectable()
export class IsolatedFlags {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** Those of a flagger in log order. */
  async of(flaggedBy: string, after: Position, through: Position, limit: number): Promise<IsolatedFlag[]> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT f.*, f.position <= i.replayed_through AS is_replayed FROM ${ISOLATED}
        WHERE i.flagged_by = $1 AND f.position > $2 AND f.position <= $3 AND ${IS_ISOLATED}
        ORDER BY f.position LIMIT $4`,
      values: [flaggedBy, after, through, limit],
    });
    return rows.map((row) => ({
      flagId: row.flag_id,
      imageId: row.image_id,
      categories: row.categories,
      flaggedAt: row.flagged_at.getTime(),
      position: Number(row.position),
      isReplayed: row.is_replayed,
    }));
  }

  /** How many of each flagger wait to be replayed, and the position of the last; a flagger without any is absent. */
  async waiting(flaggers: readonly string[]): Promise<ReadonlyMap<string, { flags: number; last: Position }>> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT f.flagged_by, count(*)::int AS flags, max(f.position) AS last FROM ${ISOLATED}
        WHERE i.flagged_by = ANY ($1::text[]) AND f.position > i.replayed_through AND ${IS_ISOLATED}
        GROUP BY f.flagged_by`,
      values: [[...flaggers]],
    });
    return new Map(rows.map((row) => [row.flagged_by, { flags: row.flags, last: Number(row.last) }]));
  }

  /** How many flaggers have their flags kept apart. @param now epoch milliseconds */
  async flaggers(now: number): Promise<number> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT count(*)::int AS flaggers FROM ${viewTable(isolationsView)} WHERE until > to_timestamp($1::float8 / 1000)`,
      values: [now],
    });
    return rows[0].flaggers;
  }
}
