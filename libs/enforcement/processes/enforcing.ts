import type { RecordedEvent } from '../../kernel/envelope.js';

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
 * A confirmed review: order and deactivate at once, so that the deny waits for nothing, then complete. What stands
 * together goes side by side; each is right when it is given again, so after a crash the event is simply taken again.
 */
export function nextEnforcementActions({ type, data }: RecordedEvent): EnforcementAction[][] {
  if (type !== 'ReviewConfirmed') return [];
  const { accountId, caseId, imageId, categories } = data;
  return [
    [
      { kind: 'order-enforcement', data: { accountId, caseId, imageId, measure: 'deactivate', categories } },
      { kind: 'deactivate-account', data: { accountId, reason: 'review-confirmed', caseId, imageId, categories } },
    ],
    [{ kind: 'complete-enforcement', data: { accountId, caseId } }],
  ];
}

export const enforcementTypes = ['ReviewConfirmed'] as const;
