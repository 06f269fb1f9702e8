import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Static } from 'typebox';
import type { EventStore } from '../../event-store/event-store.js';
import { closed, count, instant, oneOf, orNull, page, position, text } from '../../http/openapi/answer-schemas.js';
import { Listing } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { EVENT_STORE, POOL, SETTINGS } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { type WaitlistEntryRow, waitlistEntriesView } from '../views/waitlist-entries.js';

export const WAITLIST_STATUSES = ['waiting', 'invited', 'accepted', 'left', 'onboarded', 'barred'] as const;
export type WaitlistStatus = WaitlistEntryRow['status'];

export const WaitlistEntry = closed({
  accountId: text('The account.'),
  status: oneOf(WAITLIST_STATUSES, 'Its status.'),
  class: text('Its class, whose share of a cohort operators set.'),
  priority: count('Priority class: 0 is served first.'),
  joinedAt: instant('When it joined.'),
  cohortId: orNull(text('The cohort with which it was onboarded.')),
  onboardedAt: orNull(instant('When it was onboarded.')),
  position: position('The position of the account’s last event that concerns the waitlist.'),
});
export type WaitlistEntry = Static<typeof WaitlistEntry>;

export const WaitlistPage = closed({
  ...page(WaitlistEntry, 'The entries.').properties,
  waiting: count('The number of waiting people, whatever the requested status.'),
});
export type WaitlistPage = Static<typeof WaitlistPage>;

/** Reads the waitlist from its view. */
@Injectable()
export class Waitlist {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(ViewReader) private readonly reader: ViewReader,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
  ) {}

  /** Waiting entries in the order of their turn; those of another status in the order of joining. */
  async page(status: WaitlistStatus, limit: number, cursor?: string): Promise<WaitlistPage> {
    const listing = new Listing('waitlist-entries', { status });
    const after = listing.after(cursor, ['number', 'number']);
    const order = status === 'waiting' ? 'priority, joined_position' : 'joined_position';
    const behind =
      status === 'waiting'
        ? '(priority, joined_position) > ($3::int8, $4::int8)'
        : 'joined_position > $4::int8 AND $3::int8 IS NOT NULL';
    const [{ rows }, waiting] = await Promise.all([
      queryView(this.pool, {
        text: `SELECT * FROM ${viewTable(waitlistEntriesView)}
         WHERE status = $1 AND ($3::int8 IS NULL OR ${behind}) ORDER BY ${order} LIMIT $2`,
        values: [status, limit + 1, after?.[0] ?? null, after?.[1] ?? null],
      }),
      this.waiting(),
    ]);
    return { ...listing.page(rows, limit, toEntry, (row) => [row.priority, Number(row.joined_position)]), waiting };
  }

  /**
   * The number of people of its class who are ahead of a waiting account.
   * @returns undefined for an account that never joined, null for one that does not wait
   */
  async ahead(accountId: string): Promise<{ status: WaitlistStatus; ahead: number | null } | undefined> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT own.status, CASE WHEN own.status = 'waiting' THEN (
         SELECT count(*) FROM ${viewTable(waitlistEntriesView)} other
         WHERE other.status = 'waiting' AND other.class = own.class
           AND (other.priority, other.joined_position) < (own.priority, own.joined_position)
       ) END AS ahead FROM ${viewTable(waitlistEntriesView)} own WHERE own.account_id = $1`,
      values: [accountId],
    });
    const [row] = rows;
    return row && { status: row.status, ahead: row.ahead === null ? null : Number(row.ahead) };
  }

  /** The number of waiting people, in one priority class if it is given. */
  async waiting(priority?: number): Promise<number> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT count(*) AS waiting FROM ${viewTable(waitlistEntriesView)}
       WHERE status = 'waiting' AND ($1::int IS NULL OR priority = $1)`,
      values: [priority ?? null],
    });
    return Number(rows[0].waiting);
  }

  /**
   * The number of waiting people after everything stored so far.
   * @throws NotCaughtUp if the view is too far behind
   */
  async waitingNow(priority?: number): Promise<number> {
    await this.reader.reached(waitlistEntriesView, await this.store.head(), this.settings.decisionWaitMs);
    return this.waiting(priority);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
const toEntry = (row: any): WaitlistEntry => ({
  accountId: row.account_id,
  status: row.status,
  class: row.class,
  priority: row.priority,
  joinedAt: toIso(row.joined_at),
  cohortId: row.cohort_id,
  onboardedAt: row.onboarded_at && toIso(row.onboarded_at),
  position: String(row.position),
});
