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
import { isOurs } from '../case.js';
import { agePoints } from '../place-in-queue.js';
import { casesView } from '../views/cases.js';
import { caseFields, originField, originFor, VISIBLE, verdictFields, type Waiting } from './case-fields.js';
import { type CaseFilter, conditionsOf, DUE_AGAIN_NOW, orderOf, STATUS_NOW } from './case-filter.js';
import { seesOrigin } from './reviewing-roles.js';
import { ShownFlags } from './shown-flags.js';

export const CaseEntry = closed({
  ...caseFields,
  ...originField,
  flags: list(
    closed({
      flagId: text('The id of the flag’s event; for reviewers, one that stands for it.'),
      flaggedBy: text(
        'The account or the detector that flagged; for reviewers, a name that stands for it in this case.',
      ),
      categories: list(Type.String(), 'The categories that the flag names.'),
    }),
    'The flags of the round that opened or joined the case.',
  ),
  flagsReceived: count(
    'The number of flags, with repeated ones, which change nothing. Of those that came before the case was first opened, only those that joined it count.',
  ),
  verdicts: list(closed({ ...verdictFields, at: instant('When the verdict was given.') }), VISIBLE),
  openedAt: instant('When it was opened.'),
  dueAgainFor: orNull(
    text('The reviewer whose hold has ended within the last hour: queues give the case to them, and not to others.'),
  ),
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
  queue: 'default',
  priority: 63,
  dueAt: '2022-05-19T18:52:48.000Z',
  flags: [{ flagId: 'flag-1', flaggedBy: 'acc-9', categories: ['violent'] }],
  flagsReceived: 1,
  categories: ['violent'],
  verdictsGiven: 0,
  verdicts: [],
  openedAt: '2022-05-19T10:00:00.000Z',
  dueAgainFor: null,
  claimedBy: null,
  claimedUntil: null,
  decidedAt: null,
  position: '1044',
};

/** Reads cases from their view. */
@Injectable()
export class CaseQueue {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ShownFlags) private readonly shown: ShownFlags,
  ) {}

  /** Those that wait in the order of their queues, others in the order of their opening. */
  async page(
    reader: Actor,
    filter: CaseFilter,
    { limit, cursor, patienceHours }: { limit: number; cursor?: string | undefined; patienceHours: number },
  ): Promise<Page<CaseEntry>> {
    const after = readCursor(cursor, ['number', 'id']);
    const now = this.clock.now();
    const waiting = { patienceHours, now };
    const values: unknown[] = [now];
    const placeOf = (value: unknown) => `$${values.push(value)}`;
    const order = orderOf(filter);
    const conditions = conditionsOf(filter, placeOf);
    if (after)
      conditions.push(
        `(${order}, case_id) > (to_timestamp(${placeOf(after[0])}::float8 / 1000), ${placeOf(after[1])}::text)`,
      );
    const { rows } = await queryView(this.pool, {
      text: `SELECT *, ${STATUS_NOW} AS status_now, ${DUE_AGAIN_NOW} AS due_again_for, (extract(epoch FROM ${order}) * 1000)::int8 AS order_ms
       FROM ${viewTable(casesView)} WHERE ${['true', ...conditions].join(' AND ')}
       ORDER BY ${order}, case_id LIMIT ${placeOf(limit + 1)}`,
      values,
    });
    const owners = await ownersOf(
      this.pool,
      rows.map(({ image_id }) => image_id),
    );
    // biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
    const named = (row: any) => ({ ...this.entry(row, reader, waiting), ...accountOf(owners.get(row.image_id)) });
    return toPage(rows, limit, named, (row) => [Number(row.order_ms), row.case_id]);
  }

  // biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
  private entry(row: any, reader: Actor, waiting: Waiting): CaseEntry {
    return {
      ...toEntry(row, reader, waiting),
      ...originFor(row.origin, reader),
      flags: this.shown.of(row.case_id, row.flags, reader),
      flagsReceived: row.flags_received - (row.is_unflagged && seesOrigin(reader) ? 1 : 0),
    };
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
function toEntry(row: any, reader: Actor, { patienceHours, now }: Waiting): Omit<CaseEntry, 'flags' | 'flagsReceived'> {
  const claimed = row.status_now === 'claimed';
  const isOpen = claimed || row.status_now === 'open';
  const isHidden = isOpen && isBlind(row.verdicts, claimed ? row.claimed_by : undefined, reader, now);
  // biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
  const verdicts = isHidden ? row.verdicts.filter((one: any) => isOurs(one, reader.id)) : row.verdicts;
  return {
    caseId: row.case_id,
    imageId: row.image_id,
    accountId: row.account_id,
    status: row.status_now,
    round: row.round,
    panelSize: row.panel_size,
    isEscalated: row.is_escalated,
    ...reservationOf(row, now),
    queue: row.queue,
    priority: row.priority + (isOpen ? agePoints(row.opened_at.getTime(), row.priority, patienceHours, now) : 0),
    dueAt: toIso(row.due_at),
    categories: row.categories,
    verdictsGiven: verdicts.length,
    verdicts,
    openedAt: toIso(row.opened_at),
    dueAgainFor: claimed ? null : row.due_again_for,
    claimedBy: claimed ? row.claimed_by : null,
    claimedUntil: claimed ? toIso(row.claimed_until) : null,
    decidedAt: row.decided_at && toIso(row.decided_at),
    position: String(row.position),
  };
}
