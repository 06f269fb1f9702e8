import { ownerOfColumn } from '../../images/index.js';
import type { Origin } from '../case.js';
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
const CLAIM_ENDED = `claimed_until <= ${NOW}`;
export const STATUS_NOW = `CASE WHEN status = 'claimed' AND ${CLAIM_ENDED} THEN 'open' ELSE status END`;
/** The condition of the partial index of all cases that wait; it is true of each of them. */
const WAITS = `status IN ('open', 'claimed') AND round > 0`;
const OF_STATUS: Record<CaseStatus, string> = {
  open: `${WAITS} AND (status = 'open' OR ${CLAIM_ENDED})`,
  claimed: `${WAITS} AND status = 'claimed' AND NOT ${CLAIM_ENDED}`,
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
export const DUE_AGAIN_NOW = dueAgainFor(NOW);

/** The column by which a list is ordered, before the id: cases that wait in the order of their queues. */
export const orderOf = ({ status }: CaseFilter): 'due_at' | 'opened_at' =>
  status === 'open' || status === 'claimed' ? 'due_at' : 'opened_at';

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
    // The index finds also verdicts of a reviewer of that name in another system.
    const judged = `verdicts @> ${placeOf(JSON.stringify([{ reviewer }]))}::jsonb
      AND EXISTS (SELECT FROM jsonb_array_elements(verdicts) v WHERE v->>'reviewer' = ${person} AND v->>'source' IS NULL)`;
    const known = blind === undefined || blind === reviewer ? 'true' : `status NOT IN ('open', 'claimed')`;
    const claimed = `status = 'claimed' AND claimed_by = ${person}::text AND NOT ${CLAIM_ENDED}`;
    const kept = `reserved_for = ${person}::text AND (reserved_until > ${NOW} OR ${DUE_AGAIN_NOW} IS NOT NULL)`;
    conditions.push(`((${claimed}) OR (${kept}) OR (${judged} AND ${known}))`);
  }
  return conditions;
}
