import { ImageGenerated } from '../../images/index.js';
import { DAY_MS } from '../../kernel/clock.js';
import { defineView, int4, type RowOf, text } from '../../projections/view.js';
import { calendarBuckets } from '../calendar-buckets.js';

const DAYS_PER_WEEK = 7;
/** 1 January 1970 was a Thursday. */
const DAYS_SINCE_MONDAY = 3;

const columns = {
  /** The Monday, and the account. */
  week_of_account: text(),
  account_id: text(),
  /** The Monday of the week, UTC, in days since 1970. */
  monday: int4(),
  /** The days on which it generated an image: bit 0 is the Monday. */
  days: int4(),
};

export type ActiveWeekRow = RowOf<typeof columns>;

/** @param time RFC 3339 */
function dayOf(time: string): { monday: number; weekday: number } {
  const day = Math.floor(Date.parse(time) / DAY_MS);
  const weekday = (((day + DAYS_SINCE_MONDAY) % DAYS_PER_WEEK) + DAYS_PER_WEEK) % DAYS_PER_WEEK;
  return { monday: day - weekday, weekday };
}

/**
 * A row for each account and week, so that it grows with people and not with images, and distinct people are counted exactly in any
 * order and however often an event is delivered.
 */
export const activePeopleView = defineView({
  name: 'active-people',
  version: 1,
  summary: 'On which days each account generated an image, and how many accounts did on each day and in each week.',
  events: [ImageGenerated],
  table: { name: 'weeks', key: 'week_of_account', columns, indexes: ['(monday)'] },
  keys: ({ data, metadata }) => [`${dayOf(metadata.time).monday} ${data.accountId}`],
  evolve(row: ActiveWeekRow | undefined, { data, metadata }, key) {
    const { monday, weekday } = dayOf(metadata.time);
    const days = (row?.days ?? 0) | (1 << weekday);
    return row?.days === days ? row : { week_of_account: key, account_id: data.accountId, monday, days };
  },
  counters: {
    name: 'active_people',
    columns: ['people'],
    contribution({ monday, days }) {
      const [, week] = calendarBuckets(monday * DAY_MS);
      const active = Array.from({ length: DAYS_PER_WEEK }, (_, n) => n).filter((n) => (days >> n) & 1);
      const buckets = [week, ...active.map((n) => calendarBuckets((monday + n) * DAY_MS)[0])];
      return buckets.map((bucket) => ({ bucket, amounts: { people: 1 } }));
    },
  },
});
