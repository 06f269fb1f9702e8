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

/** SQL: the limits of all times in which flags of `i` are kept apart. The one that was recorded first need not be the first. */
const LIMITS = `CROSS JOIN LATERAL (
  SELECT min(s."from") AS first, max(s."until") AS until, max(coalesce(s."releasedAt", ${Number.MAX_SAFE_INTEGER})) AS released
  FROM jsonb_to_recordset(i.spans) AS s("from" int8, "until" float8, "releasedAt" int8)) l`;

/** SQL: flags outside these limits need no closer look. */
const IN_LIMITS = `f.flagged_by = i.flagged_by AND f.position >= l.first AND f.position < l.released
  AND f.flagged_at < to_timestamp(l.until / 1000)`;

const WAITS = `${IN_LIMITS} AND f.position > i.replayed_through AND ${IS_ISOLATED}`;

/** Beyond it, waiting flags are not counted. */
export const MAX_COUNTED = 10_000;

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
      text: `SELECT f.*, f.position <= i.replayed_through AS is_replayed
        FROM ${viewTable(isolationsView)} i ${LIMITS} JOIN ${viewTable(flagsView)} f ON ${IN_LIMITS}
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

  /** How many of each flagger wait to be replayed, up to MAX_COUNTED. */
  async waiting(flaggers: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT i.flagged_by, w.flags FROM ${viewTable(isolationsView)} i ${LIMITS} CROSS JOIN LATERAL (
          SELECT count(*)::int AS flags FROM (
            SELECT FROM ${viewTable(flagsView)} f WHERE ${WAITS} LIMIT ${MAX_COUNTED}) counted) w
        WHERE i.flagged_by = ANY ($1::text[])`,
      values: [[...flaggers]],
    });
    return new Map(rows.map((row) => [row.flagged_by, row.flags]));
  }

  /** The position of the last flag of a flagger that waits to be replayed; 0 for none. */
  async lastWaiting(flaggedBy: string): Promise<Position> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT w.position FROM ${viewTable(isolationsView)} i ${LIMITS} CROSS JOIN LATERAL (
          SELECT f.position FROM ${viewTable(flagsView)} f WHERE ${WAITS} ORDER BY f.position DESC LIMIT 1) w
        WHERE i.flagged_by = $1`,
      values: [flaggedBy],
    });
    return Number(rows[0]?.position ?? 0);
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
