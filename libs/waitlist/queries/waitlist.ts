import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Static } from 'typebox';
import type { EventStore } from '../../event-store/event-store.js';
import { closed, count, instant, oneOf, orNull, page, position, text } from '../../http/openapi/answer-schemas.js';
import { Listing, type Page } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { HOLD_OUT } from '../../kernel/reserved-classes.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { EVENT_STORE, POOL, SETTINGS } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { ViewReader } from '../../projections/view-reader.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import { beginOfBlock, blockOfLine, type WaitlistEntryRow, waitlistEntriesView } from '../views/waitlist-entries.js';
import { acceptedOf } from './accepted-invitations.js';

export const WAITLIST_STATUSES = [
  'waiting',
  'unconfirmed',
  'invited',
  'accepted',
  'left',
  'onboarded',
  'barred',
] as const;
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
  unconfirmed: count('The number of people who have to confirm their address before they can be chosen.'),
});
export type WaitlistPage = Static<typeof WaitlistPage>;

/** Whom to count. */
export interface WaitingChoice {
  priority?: number | undefined;
  /** Only these classes, or all but these. */
  among?: { classes: readonly string[]; isAllBut: boolean };
}

/** Whom to ask again; hold-outs only if their class is named. */
export interface UnconfirmedChoice {
  class?: string | undefined;
  /** Epoch milliseconds. */
  joinedBefore: number;
}

const ENTRIES = viewTable(waitlistEntriesView);
const LINE = counterTable(waitlistEntriesView);

/** SQL: `$5` is the block of the account in the line of its class `$1`; the rest of its block is counted from `$4` on. */
const AHEAD = `SELECT ((
    SELECT coalesce(sum(people), 0) FROM ${LINE} WHERE bucket COLLATE "C" >= $1 || ' ' AND bucket COLLATE "C" < $5
  ) + (
    SELECT count(*) FROM ${ENTRIES}
    WHERE status = 'waiting' AND class = $1 AND priority = $2 AND joined_position >= $4 AND joined_position < $3
  ))::float8 AS ahead`;

const WAITING = `SELECT coalesce(sum(people), 0)::float8 AS waiting FROM ${LINE}
  WHERE ($1::text IS NULL OR split_part(bucket, ' ', 2) = $1)
    AND ($2::text[] IS NULL OR (split_part(bucket, ' ', 1) = ANY($2)) <> $3)`;

/** Reads the waitlist from its view. */
@Injectable()
export class Waitlist {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(ViewReader) private readonly reader: ViewReader,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
  ) {}

  /** The people who accepted an invitation of a batch and are not onboarded, by everything stored so far. @throws NotCaughtUp */
  async acceptedNow(batchId: string): Promise<number> {
    await this.reader.reached(waitlistEntriesView, await this.store.head(), this.settings.decisionWaitMs);
    return (await acceptedOf(this.pool)([batchId])).get(batchId) ?? 0;
  }

  /** Waiting entries in the order of their turn; those of another status in the order of joining. */
  async page(status: WaitlistStatus, limit: number, cursor?: string): Promise<WaitlistPage> {
    const listing = new Listing('waitlist-entries', { status });
    const after = listing.after(cursor, ['number', 'number']);
    const order = status === 'waiting' ? 'priority, joined_position' : 'joined_position';
    const behind =
      status === 'waiting'
        ? '(priority, joined_position) > ($3::int8, $4::int8)'
        : 'joined_position > $4::int8 AND $3::int8 IS NOT NULL';
    const [{ rows }, counts] = await Promise.all([
      queryView(this.pool, {
        text: `SELECT * FROM ${ENTRIES}
         WHERE status = $1 AND ($3::int8 IS NULL OR ${behind}) ORDER BY ${order} LIMIT $2`,
        values: [status, limit + 1, after?.[0] ?? null, after?.[1] ?? null],
      }),
      this.counts(),
    ]);
    return { ...listing.page(rows, limit, toEntry, (row) => [row.priority, Number(row.joined_position)]), ...counts };
  }

  /**
   * A part of the line, in the order of turn, without hold-outs: accounts.
   * @param name only of this class
   */
  async lineOf(name: string | undefined, limit: number, cursor?: string): Promise<Page<string>> {
    const listing = new Listing('waitlist-addresses', { class: name });
    const after = listing.after(cursor, ['number', 'number']);
    const { rows } = await queryView(this.pool, {
      text: `SELECT account_id, priority, joined_position FROM ${ENTRIES}
       WHERE status = 'waiting' AND class <> $1 AND ($2::text IS NULL OR class = $2)
         AND ($4::int8 IS NULL OR (priority, joined_position) > ($4::int8, $5::int8))
       ORDER BY priority, joined_position LIMIT $3`,
      values: [HOLD_OUT, name ?? null, limit + 1, after?.[0] ?? null, after?.[1] ?? null],
    });
    return listing.page(
      rows,
      limit,
      (row) => row.account_id,
      (row) => [row.priority, Number(row.joined_position)],
    );
  }

  /** Accounts that have to confirm their address, a part at a time, in the order of joining. */
  async unconfirmedOf(
    { class: name, joinedBefore }: UnconfirmedChoice,
    limit: number,
    cursor?: string,
  ): Promise<Page<string>> {
    const listing = new Listing('waitlist-unconfirmed', { class: name });
    const after = listing.after(cursor, ['number']);
    const { rows } = await queryView(this.pool, {
      text: `SELECT account_id, joined_position FROM ${ENTRIES}
       WHERE status = 'unconfirmed' AND class = coalesce($1::text, class) AND ($1::text IS NOT NULL OR class <> $2)
         AND joined_at <= to_timestamp($3::float8 / 1000) AND ($5::int8 IS NULL OR joined_position > $5::int8)
       ORDER BY joined_position LIMIT $4`,
      values: [name ?? null, HOLD_OUT, joinedBefore, limit + 1, after?.[0] ?? null],
    });
    return listing.page(
      rows,
      limit,
      (row) => row.account_id,
      (row) => [Number(row.joined_position)],
    );
  }

  /**
   * The number of people of its class who are ahead of a waiting account.
   * @returns undefined for an account that never joined, null for one that does not wait
   */
  async ahead(accountId: string): Promise<{ status: WaitlistStatus; ahead: number | null } | undefined> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT status, class, priority, joined_position FROM ${ENTRIES} WHERE account_id = $1`,
      values: [accountId],
    });
    const [own] = rows;
    if (own?.status !== 'waiting' && own?.status !== 'unconfirmed') return own && { status: own.status, ahead: null };
    const joined = Number(own.joined_position);
    const { rows: counts } = await queryView(this.pool, {
      text: AHEAD,
      values: [own.class, own.priority, joined, beginOfBlock(joined), blockOfLine(own.class, own.priority, joined)],
    });
    return { status: own.status, ahead: counts[0].ahead };
  }

  /** The people who can be chosen, and those who have to confirm their address first. */
  async counts(): Promise<{ waiting: number; unconfirmed: number }> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT coalesce(sum(people), 0)::float8 AS waiting, coalesce(sum(unconfirmed), 0)::float8 AS unconfirmed FROM ${LINE}`,
      values: [],
    });
    return { waiting: rows[0].waiting, unconfirmed: rows[0].unconfirmed };
  }

  /** The number of waiting people, of one priority class and of some classes if they are given. */
  async waiting({ priority, among }: WaitingChoice = {}): Promise<number> {
    const { rows } = await queryView(this.pool, {
      text: WAITING,
      values: [priority ?? null, among?.classes ?? null, among?.isAllBut ?? false],
    });
    return rows[0].waiting;
  }

  /**
   * The number of waiting people after everything stored so far.
   * @throws NotCaughtUp if the view is too far behind
   */
  async waitingNow(choice: WaitingChoice = {}): Promise<number> {
    await this.reader.reached(waitlistEntriesView, await this.store.head(), this.settings.decisionWaitMs);
    return this.waiting(choice);
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
