import { ownerOfColumn } from '../../images/index.js';
import type { Origin } from '../case.js';
import { IS_CLOSED, WAITS } from '../case-rows.js';
import { DUE_AGAIN_MS } from '../claim-decisions.js';
import type { CaseStatus } from './case-fields.js';

/** Which cases a list has: those that meet every given condition. */
export interface CaseFilter {
  status?: CaseStatus | undefined;
  queue?: string | undefined;
  category?: string | undefined;
  /** Who holds the claim, for whom it is kept or due again, or who has judged it. */
  reviewer?: string | undefined;
  account?: string | undefined;
  /** RFC 3339. */
  openedBefore?: string | undefined;
  openedAfter?: string | undefined;
  isEscalated?: boolean | undefined;
  origin?: Origin | undefined;
  isWithoutGolden?: boolean | undefined;
  /** Who asks, if they may not know who judged open cases beside themselves. */
  blind?: string | undefined;
}

/** `$1` is the current time in epoch milliseconds. */
const NOW = 'to_timestamp($1::float8 / 1000)';
/** SQL: true; names the type of `$1` in a query whose other conditions may not have it. */
export const NOW_GIVEN = '$1::float8 IS NOT NULL';
/** SQL: whether a claim is in force. */
export const IS_CLAIMED = `status = 'claimed' AND claimed_until > ${NOW}`;
const OF_STATUS: Record<CaseStatus, string> = {
  // Said so, the planner knows that these are nearly all that wait.
  open: `${WAITS} AND NOT (${IS_CLAIMED})`,
  claimed: `${WAITS} AND ${IS_CLAIMED}`,
  confirmed: `status = 'confirmed'`,
  dismissed: `status = 'dismissed'`,
  'model-problem': `status = 'model-problem'`,
  overturned: `status = 'overturned'`,
};

/**
 * By the image's own record, where the case has that account or none: the index of accounts finds both. Left out are those
 * whose flags reported another account than the record that came later.
 */
const ofAccount = (account: string): string => {
  const owner = ownerOfColumn('cases.image_id');
  return `(account_id = ${account} OR account_id IS NULL) AND coalesce(${owner}, account_id) = ${account}`;
};

/** Whose hold has just ended, or null: queues give them the case before others. @param now SQL of the current time */
export const dueAgainFor = (now: string): string =>
  `CASE WHEN is_held AND reserved_until <= ${now} AND reserved_until > ${now} - interval '${DUE_AGAIN_MS} milliseconds'
    THEN reserved_for END`;

/** SQL: whether a case is kept for somebody or due to them again. */
export const IS_KEPT = `reserved_for IS NOT NULL AND (reserved_until > ${NOW} OR ${dueAgainFor(NOW)} IS NOT NULL)`;

/**
 * The conditions of a filter as SQL.
 * @param placeOf adds a parameter and returns its placeholder
 */
export function conditionsOf(filter: CaseFilter, placeOf: (value: unknown) => string): string[] {
  const { status, queue, category, reviewer, account, openedBefore, openedAfter, isEscalated, origin, blind } = filter;
  const conditions: string[] = [];
  if (status) conditions.push(OF_STATUS[status]);
  if (queue !== undefined) conditions.push(`queue = ${placeOf(queue)}::text`);
  if (category !== undefined) conditions.push(`categories @> ${placeOf(JSON.stringify([category]))}::jsonb`);
  if (account !== undefined) conditions.push(ofAccount(`${placeOf(account)}::text`));
  if (openedBefore !== undefined) conditions.push(`opened_at < ${placeOf(openedBefore)}::timestamptz`);
  if (openedAfter !== undefined) conditions.push(`opened_at > ${placeOf(openedAfter)}::timestamptz`);
  if (isEscalated !== undefined) conditions.push(`${WAITS} AND is_escalated = ${placeOf(isEscalated)}::boolean`);
  // The condition of the index of those that no flag opened.
  if (origin !== undefined)
    conditions.push(
      origin === 'flags' ? `origin = 'flags'` : `origin <> 'flags' AND origin = ${placeOf(origin)}::text`,
    );
  if (filter.isWithoutGolden) conditions.push(`origin <> 'golden'`);
  if (reviewer !== undefined) {
    const person = placeOf(reviewer);
    const judged = `reviewers @> ${placeOf(JSON.stringify([reviewer]))}::jsonb`;
    const known = blind === undefined || blind === reviewer ? 'true' : IS_CLOSED;
    const claimed = `${IS_CLAIMED} AND claimed_by = ${person}::text`;
    const kept = `${IS_KEPT} AND reserved_for = ${person}::text`;
    conditions.push(`((${claimed}) OR (${kept}) OR (${judged} AND ${known}))`);
  }
  return conditions;
}
