import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { appealsView } from '../views/appeals.js';
import { AT_ONCE, HearingConflicts } from './hearing-conflicts.js';

const PAGE = 100;
const NOW = 'to_timestamp($1::float8 / 1000)';

const HELD = `SELECT appeal_id FROM ${viewTable(appealsView)}
  WHERE status = 'open' AND claimed_by = $2 AND claimed_until > ${NOW} ORDER BY due_at, appeal_id LIMIT 1`;
const KEPT = `SELECT appeal_id FROM ${viewTable(appealsView)}
  WHERE status = 'open' AND reserved_for = $2 AND reserved_until > ${NOW} ORDER BY due_at, appeal_id`;
const FREE = `SELECT appeal_id, due_at::text AS due FROM ${viewTable(appealsView)}
  WHERE status = 'open' AND (claimed_until IS NULL OR claimed_until <= ${NOW}) AND account_id <> $2
    AND (reserved_until IS NULL OR reserved_until <= ${NOW})
    AND (due_at, appeal_id) > ($3::timestamptz, $4::text)
  ORDER BY due_at, appeal_id LIMIT ${PAGE}`;

/** Finds appeals for somebody who wants to hear one, by the view. */
@Injectable()
export class WaitingAppeals {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(HearingConflicts) private readonly conflicts: HearingConflicts,
  ) {}

  /**
   * The one that the person has claimed, those that were handed over to them, then those that nobody has and that they may hear,
   * in the order of their deadlines.
   */
  async *of(person: string): AsyncGenerator<string> {
    for (const query of [HELD, KEPT]) {
      const { rows } = await queryView(this.pool, { text: query, values: [this.clock.now(), person] });
      for (const { appeal_id } of rows) yield appeal_id;
    }
    const asking = await this.conflicts.asking([person]);
    for (let after = ['-infinity', '']; ; ) {
      const { rows } = await queryView(this.pool, { text: FREE, values: [this.clock.now(), person, ...after] });
      for (let from = 0; from < rows.length; from += AT_ONCE) {
        const ids: string[] = rows.slice(from, from + AT_ONCE).map(({ appeal_id }) => appeal_id);
        const conflicts = await this.conflicts.of(ids, asking);
        for (const [n, id] of ids.entries()) if (conflicts[n]![0] === undefined) yield id;
      }
      if (rows.length < PAGE) return;
      after = [rows.at(-1)!.due, rows.at(-1)!.appeal_id];
    }
  }
}
