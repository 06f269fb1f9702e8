import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Static } from 'typebox';
import { closed, count, instant, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { Listing, type Page } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { invitationBatchesView } from '../views/invitation-batches.js';
import { cohortSelection } from './cohort-list.js';

export const InvitationsAnswer = closed({
  batchId: text('The batch.'),
  selection: cohortSelection,
  status: oneOf(
    ['open', 'decided', 'withdrawn'],
    '`decided`: each invitation was used or has ended, and the batch holds no place. `withdrawn`: an operator withdrew it; it holds places only for people who accepted before.',
  ),
  places: count('The places that it got.'),
  held: count('The places that it holds now.'),
  sent: count('The accounts that were invited.'),
  accepted: count('Those of them that accepted.'),
  expired: count('The invitations that ended unused by their time.'),
  withdrawn: count('The invitations that ended unused because the batch was withdrawn.'),
  admitted: count('The people who accepted and were admitted with a cohort.'),
  heldAt: instant('When the places were given.'),
  until: instant('Until when its accounts can accept.'),
  withdrawal: orNull(
    closed({
      by: text('Who withdrew the batch.'),
      at: instant('When.'),
      reason: text('Why.'),
    }),
  ),
  position: position('The position of the last event that was counted.'),
});
export type InvitationsAnswer = Static<typeof InvitationsAnswer>;

export const invitationsExample: InvitationsAnswer = {
  batchId: 'spring',
  selection: 'first-come',
  status: 'open',
  places: 1000,
  held: 400,
  sent: 1000,
  accepted: 600,
  expired: 0,
  withdrawn: 0,
  admitted: 600,
  heldAt: '2022-05-18T09:00:00.000Z',
  until: '2022-05-25T09:00:00.000Z',
  withdrawal: null,
  position: '3243',
};

const LISTING = new Listing('invitations');

const HELD_MS = '(extract(epoch FROM held_at) * 1000)::int8';

/** Reads batches of invitations from their view. */
@Injectable()
export class BatchList {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** The newest first. */
  async page(limit: number, cursor?: string): Promise<Page<InvitationsAnswer>> {
    const after = LISTING.after(cursor, ['number', 'id']);
    const { rows } = await queryView(this.pool, {
      text: `SELECT *, ${HELD_MS} AS held_ms FROM ${viewTable(invitationBatchesView)}
       WHERE $2::int8 IS NULL OR (held_at, batch_id) < (to_timestamp($2::float8 / 1000), $3::text)
       ORDER BY held_at DESC, batch_id DESC LIMIT $1`,
      values: [limit + 1, after?.[0] ?? null, after?.[1] ?? null],
    });
    return LISTING.page(rows, limit, toAnswer, (row) => [Number(row.held_ms), row.batch_id]);
  }

  async find(batchId: string): Promise<InvitationsAnswer | undefined> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT * FROM ${viewTable(invitationBatchesView)} WHERE batch_id = $1`,
      values: [batchId],
    });
    return rows[0] && toAnswer(rows[0]);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
const toAnswer = (row: any): InvitationsAnswer => ({
  batchId: row.batch_id,
  selection: row.selection,
  status: statusOf({ isWithdrawn: row.withdrawn_at !== null, isOver: row.is_over }),
  places: row.places,
  held: row.is_over ? 0 : Math.max(0, row.places - row.admitted - row.freed),
  sent: row.sent,
  accepted: row.accepted,
  expired: row.expired,
  withdrawn: row.withdrawn,
  admitted: row.admitted,
  heldAt: toIso(row.held_at),
  until: toIso(row.until),
  withdrawal:
    row.withdrawn_at === null
      ? null
      : { by: row.withdrawn_by, at: toIso(row.withdrawn_at), reason: row.withdrawal_reason },
  position: String(row.position),
});

export function statusOf(batch: { isWithdrawn: boolean; isOver: boolean }): InvitationsAnswer['status'] {
  if (batch.isWithdrawn) return 'withdrawn';
  return batch.isOver ? 'decided' : 'open';
}
