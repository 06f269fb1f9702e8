import {
  type AccountStanding,
  type AccountStream,
  accountStream,
  isSuspended,
  restrictionOf,
  STILL_IN_FORCE,
} from '../../account/index.js';
import type { DataOf } from '../../events/event-definition.js';
import { ImageGenerated, ImageShared } from '../../images/index.js';
import { placeOf } from '../../kernel/decider.js';
import { defineView, int8, jsonb, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { PolicyDisregarded } from '../events.js';

/** A use that was allowed may take so long until it is reported; the replica of a service may be that old. */
export const GRACE_MS = 60_000;
/**
 * Maximum uses recorded of an account, the first ones: then its row stays the same, however many services go on. If it never
 * had access, one says it all: a service that reports images of people that nobody onboarded causes a write for each person.
 */
export const MAX_RECORDED = 20;

const ACCOUNT_REASONS = [
  'account-deactivated',
  'account-suspended',
  'generate-restricted',
  'share-restricted',
  'not-onboarded',
  'policy-not-accepted',
  'policy-outdated',
] as const;
/** Why access was denied: because of the account, or because of the image, of which another view is. */
export const DISREGARD_REASONS = [...ACCOUNT_REASONS, 'image-withheld'] as const;

type UsedAction = 'generate' | 'share';

/** Part of a JSON column. */
export interface DisregardingUse {
  /** The id of the use's event. */
  id: string;
  /** The system that reported it. */
  service: string;
  action: UsedAction;
  imageId: string;
  reason: (typeof ACCOUNT_REASONS)[number];
  /** When it happened, in epoch milliseconds. */
  at: number;
  /** How long after the decision was stored; null if the account was never allowed to. */
  lateMs: number | null;
}

const columns = {
  account_id: text(),
  standing: jsonb<AccountStanding>(),
  /** When what denies the account was stored; a later change of its end does not count. */
  deactivated_at: nullable(timestamptz()),
  suspended_at: nullable(timestamptz()),
  generate_restricted_at: nullable(timestamptz()),
  share_restricted_at: nullable(timestamptz()),
  uses: jsonb<DisregardingUse[]>(),
  /** The position of the last event that changed the row. */
  position: int8(),
};

export type DisregardedRow = RowOf<typeof columns>;

/**
 * What services did against a decision that they could know. The times of uses are the services' own, those of decisions are
 * when they were stored: a service whose clock is wrong by more than GRACE_MS is noticed too.
 */
export const disregardedDecisionsOf = (account: AccountStream) =>
  defineView({
    name: 'disregarded-decisions',
    version: 3,
    summary: 'Images generated or shared for accounts that the decision point denied that by then.',
    events: [...account.events, ImageGenerated, ImageShared, PolicyDisregarded],
    table: {
      name: 'accounts',
      key: 'account_id',
      columns,
      indexes: [`(account_id) WHERE uses <> '[]'::jsonb`],
    },
    keys: ({ data }) => [data.accountId],
    evolve(row: DisregardedRow | undefined, event, accountId) {
      if (row && event.position <= row.position) return row;
      const before = row ?? unseen(accountId);
      if (event.type === 'ImageGenerated' || event.type === 'ImageShared' || event.type === 'PolicyDisregarded') {
        const use = event.type === 'PolicyDisregarded' ? outdatedUse(event.data) : disregardingUse(before, event);
        if (!use || before.uses.length >= MAX_RECORDED || before.uses.some((one) => isKnown(one, use))) return row;
        return { ...before, uses: [...before.uses, use], position: event.position };
      }
      const standing = account.evolve(before.standing, event, placeOf(event));
      const at = Date.parse(event.metadata.time);
      const storedAt = Date.parse(event.recordedAt);
      // What a reinstatement leaves in force is said again by the events that follow it at once.
      const isAgain =
        event.type === 'AccountReinstated' || ('reason' in event.data && event.data.reason === STILL_IN_FORCE);
      const since = (known: number | null, isDenied: (standing: AccountStanding) => boolean): number | null => {
        if (!isDenied(standing)) return isAgain ? known : null;
        return known !== null && (isAgain || isDenied(before.standing)) ? known : storedAt;
      };
      const restricted = (action: UsedAction) => (one: AccountStanding) =>
        restrictionOf(one.consequences, action, at) !== undefined;
      return {
        ...before,
        standing,
        deactivated_at: standing.deactivated ? (before.deactivated_at ?? storedAt) : null,
        suspended_at: since(before.suspended_at, (one) => isSuspended(one, at)),
        generate_restricted_at: since(before.generate_restricted_at, restricted('generate')),
        share_restricted_at: since(before.share_restricted_at, restricted('share')),
        position: event.position,
      };
    },
    counters: {
      name: 'disregard_counters',
      columns: ['uses', 'accounts'],
      contribution({ uses }) {
        if (uses.length === 0) return [];
        return [
          { bucket: 'all', amounts: { uses: uses.length, accounts: 1 } },
          ...uses.flatMap(({ service, reason }) => [
            { bucket: `reason:${reason}`, amounts: { uses: 1 } },
            { bucket: `service:${service}`, amounts: { uses: 1 } },
          ]),
        ];
      },
    },
  });

export const disregardedDecisionsView = disregardedDecisionsOf(accountStream);

const unseen = (accountId: string): DisregardedRow => ({
  account_id: accountId,
  standing: accountStream.initial,
  deactivated_at: null,
  suspended_at: null,
  generate_restricted_at: null,
  share_restricted_at: null,
  uses: [],
  position: 0,
});

/** The same event, or another use of an account that never had access. */
const isKnown = (one: DisregardingUse, use: DisregardingUse): boolean =>
  one.id === use.id || (use.lateMs === null && one.reason === use.reason);

function outdatedUse({ useId, at, outdatedSince, ...data }: DataOf<typeof PolicyDisregarded>): DisregardingUse {
  const { service, action, imageId } = data;
  const lateMs = Date.parse(at) - Date.parse(outdatedSince);
  return { id: useId, service, action, imageId, reason: 'policy-outdated', at: Date.parse(at), lateMs };
}

interface UseEvent {
  id: string;
  type: 'ImageGenerated' | 'ImageShared';
  data: { imageId: string };
  metadata: { source: string; time: string };
}

function disregardingUse(row: DisregardedRow, { id, type, data, metadata }: UseEvent): DisregardingUse | undefined {
  const at = Date.parse(metadata.time);
  const action = type === 'ImageGenerated' ? 'generate' : 'share';
  const denial = denialOf(row, action, at);
  return (
    denial && {
      id,
      service: metadata.source,
      action,
      imageId: data.imageId,
      at,
      ...denial,
    }
  );
}

/** In the order of the rules of access. An account that never was allowed to has no moment from which it is denied. */
function denialOf(
  { standing, deactivated_at, suspended_at, generate_restricted_at, share_restricted_at }: DisregardedRow,
  action: UsedAction,
  at: number,
): Pick<DisregardingUse, 'reason' | 'lateMs'> | undefined {
  const isLate = (since: number | null) => since !== null && at > since + GRACE_MS;
  if (isLate(deactivated_at)) return { reason: 'account-deactivated', lateMs: at - deactivated_at! };
  if (isLate(suspended_at) && isSuspended(standing, at))
    return { reason: 'account-suspended', lateMs: at - suspended_at! };
  const restricted_at = action === 'generate' ? generate_restricted_at : share_restricted_at;
  if (isLate(restricted_at) && restrictionOf(standing.consequences, action, at))
    return { reason: `${action}-restricted`, lateMs: at - restricted_at! };
  if (standing.status !== 'onboarded') return { reason: 'not-onboarded', lateMs: null };
  return standing.policyVersion === undefined ? { reason: 'policy-not-accepted', lateMs: null } : undefined;
}
