import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { type Static, Type } from 'typebox';
import { closed, count, instant, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { type Page, readCursor, toPage } from '../../http/paging.js';
import { ownersOf } from '../../images/index.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { Actor } from '../../kernel/envelope.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { isBlind } from '../blind-review.js';
import { casesView } from '../views/cases.js';
import { type CaseStatus, caseFields, VISIBLE, verdictFields } from './case-fields.js';

export const CaseEntry = closed({
  ...caseFields,
  flags: list(
    closed({
      flagId: text('The id of the flag’s event.'),
      flaggedBy: text('The account or the detector that flagged.'),
      categories: list(Type.String(), 'The categories that the flag names.'),
    }),
    'The flags of the round that opened or joined the case.',
  ),
  flagsReceived: count(
    'The number of flags, with repeated ones, which change nothing. Of those that came before the case was first opened, only those that joined it count.',
  ),
  verdicts: list(closed({ ...verdictFields, at: instant('When the verdict was given.') }), VISIBLE),
  openedAt: instant('When it was opened.'),
  claimedBy: orNull(text('The reviewer who claimed it.')),
  claimedUntil: orNull(instant('When the lease ends.')),
  decidedAt: orNull(instant('When it was decided.')),
  position: position('The position of the case’s last event or of the last flag.'),
});
export type CaseEntry = Static<typeof CaseEntry>;

export const caseEntryExample = {
  caseId: 'img-1',
  imageId: 'img-1',
  accountId: 'acc-1',
  status: 'open',
  round: 1,
  panelSize: 1,
  isEscalated: false,
  reservedFor: null,
  reservedUntil: null,
  flags: [{ flagId: 'flag-1', flaggedBy: 'acc-9', categories: ['violent'] }],
  flagsReceived: 1,
  categories: ['violent'],
  verdictsGiven: 0,
  verdicts: [],
  openedAt: '2022-05-19T10:00:00.000Z',
  claimedBy: null,
  claimedUntil: null,
  decidedAt: null,
  position: '1044',
};

/** `$1` is the current time in epoch milliseconds. */
const CLAIM_ENDED = `claimed_until <= to_timestamp($1::float8 / 1000)`;
const STATUS = `CASE WHEN status = 'claimed' AND ${CLAIM_ENDED} THEN 'open' ELSE status END`;
/** The condition of the queue's partial index. */
const IN_QUEUE = `status IN ('open', 'claimed')`;
const CONDITIONS: Record<CaseStatus, string> = {
  open: `${IN_QUEUE} AND (status = 'open' OR ${CLAIM_ENDED})`,
  claimed: `${IN_QUEUE} AND status = 'claimed' AND NOT ${CLAIM_ENDED}`,
  confirmed: `status = 'confirmed'`,
  dismissed: `status = 'dismissed'`,
  'model-problem': `status = 'model-problem'`,
};
const OPENED_MS = '(extract(epoch FROM opened_at) * 1000)::int8';

/** Reads cases from their view. */
@Injectable()
export class CaseQueue {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Cases in the order of their opening. */
  async page(reader: Actor, status: CaseStatus | undefined, limit: number, cursor?: string): Promise<Page<CaseEntry>> {
    const after = readCursor(cursor, ['number', 'id']);
    const now = this.clock.now();
    const { rows } = await queryView(this.pool, {
      text: `SELECT *, ${STATUS} AS status_now, ${OPENED_MS} AS opened_ms FROM ${viewTable(casesView)}
       WHERE ${status ? CONDITIONS[status] : 'true'}
         AND ($3::float8 IS NULL OR (opened_at, case_id) > (to_timestamp($3::float8 / 1000), $4::text))
       ORDER BY opened_at, case_id LIMIT $2`,
      values: [now, limit + 1, after?.[0] ?? null, after?.[1] ?? null],
    });
    const owners = await ownersOf(
      this.pool,
      rows.map(({ image_id }) => image_id),
    );
    // biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
    const named = (row: any) => ({ ...toEntry(row, reader, now), ...accountOf(owners.get(row.image_id)) });
    return toPage(rows, limit, named, (row) => [Number(row.opened_ms), row.case_id]);
  }
}

/** The image's own record takes precedence over what flags reported. */
const accountOf = (owner: string | undefined) => (owner === undefined ? {} : { accountId: owner });

const reservationOf = (row: { reserved_for: string | null; reserved_until: Date | null }, now: number) => {
  const isReserved = row.reserved_until !== null && now < row.reserved_until.getTime();
  return {
    reservedFor: isReserved ? row.reserved_for : null,
    reservedUntil: isReserved ? toIso(row.reserved_until!.getTime()) : null,
  };
};

// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
function toEntry(row: any, reader: Actor, now: number): CaseEntry {
  const claimed = row.status_now === 'claimed';
  const isOpen = claimed || row.status_now === 'open';
  const isHidden = isOpen && isBlind(row.verdicts, claimed ? row.claimed_by : undefined, reader);
  return {
    caseId: row.case_id,
    imageId: row.image_id,
    accountId: row.account_id,
    status: row.status_now,
    round: row.round,
    panelSize: row.panel_size,
    isEscalated: row.is_escalated,
    ...reservationOf(row, now),
    flags: row.flags,
    flagsReceived: row.flags_received,
    categories: row.categories,
    verdictsGiven: row.verdicts.length,
    verdicts: isHidden ? [] : row.verdicts,
    openedAt: toIso(row.opened_at),
    claimedBy: claimed ? row.claimed_by : null,
    claimedUntil: claimed ? toIso(row.claimed_until) : null,
    decidedAt: row.decided_at && toIso(row.decided_at),
    position: String(row.position),
  };
}
