import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { appealsView } from '../views/appeals.js';
import { HearingConflicts } from './hearing-conflicts.js';

const PAGE = 100;
const NOW = 'to_timestamp($1::float8 / 1000)';

const HELD = `SELECT appeal_id FROM ${viewTable(appealsView)}
  WHERE status = 'open' AND claimed_by = $2 AND claimed_until > ${NOW} ORDER BY due_at, appeal_id LIMIT 1`;
const FREE = `SELECT appeal_id, due_at::text AS due FROM ${viewTable(appealsView)}
  WHERE status = 'open' AND (claimed_until IS NULL OR claimed_until <= ${NOW}) AND account_id <> $2
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

  /** The one that the person has claimed, then those that nobody has and that they may hear, in the order of their deadlines. */
  async *of(person: string): AsyncGenerator<string> {
    const held = await queryView(this.pool, { text: HELD, values: [this.clock.now(), person] });
    for (const { appeal_id } of held.rows) yield appeal_id;
    for (let after = ['-infinity', '']; ; ) {
      const { rows } = await queryView(this.pool, { text: FREE, values: [this.clock.now(), person, ...after] });
      const ids: string[] = rows.map(({ appeal_id }) => appeal_id);
      const conflicts = await this.conflicts.ofPerson(ids, person);
      for (const [n, id] of ids.entries()) if (conflicts[n] === undefined) yield id;
      if (rows.length < PAGE) return;
      after = [rows.at(-1)!.due, rows.at(-1)!.appeal_id];
    }
  }
}
