import type { RecordedOf } from '../events/event-definition.js';
import type { ReviewConfirmed } from '../review/index.js';

export type EnforcementAction =
  | {
      kind: 'order-enforcement';
      data: { accountId: string; caseId: string; imageId: string; measure: 'deactivate'; categories: string[] };
    }
  | {
      kind: 'deactivate-account';
      data: { accountId: string; reason: string; caseId: string; imageId: string; categories: string[] };
    }
  | { kind: 'complete-enforcement'; data: { accountId: string; caseId: string } };

/**
 * The actions after a confirmed review: order and deactivate at once, so that the deny waits for nothing, then complete.
 * Actions of one inner list run concurrently. Each is idempotent, so the event can be processed again after a crash.
 */
export function nextEnforcementActions({ data, position }: RecordedOf<typeof ReviewConfirmed>): EnforcementAction[][] {
  const { accountId, caseId, imageId, categories } = data;
  if (accountId === undefined) {
    throw new Error(
      `the ReviewConfirmed of case ${caseId} at position ${position} names no account, so nobody can be deactivated; ` +
        'find the account of the image and deactivate it by POST /v1/accounts/{id}/deactivation',
    );
  }
  return [
    [
      { kind: 'order-enforcement', data: { accountId, caseId, imageId, measure: 'deactivate', categories } },
      { kind: 'deactivate-account', data: { accountId, reason: 'review-confirmed', caseId, imageId, categories } },
    ],
    [{ kind: 'complete-enforcement', data: { accountId, caseId } }],
  ];
}
