import fc from 'fast-check';
import { accountStream, causeOf } from '../../libs/account/index.js';
import { belongsTo } from '../../libs/kernel/decider.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';

const IMPOSING = [
  'AccountDeactivated',
  'DeactivationCauseAdded',
  'AccountSuspended',
  'AccountRestricted',
  'StrikeIssued',
];

/** Whether an event of an account imposes what a decision has led to. */
export const isImposedBy = (event: RecordedEvent, cause: string | undefined): boolean =>
  belongsTo(accountStream, event) &&
  IMPOSING.includes(event.type) &&
  causeOf(event.data as { caseId?: string; enforcementId?: string }).cause === cause;

/** What may happen to an account before, while and after an appeal is granted. `nth` chooses one of several. */
export const step = fc.record({
  kind: fc.constantFrom(
    'confirm',
    'confirm',
    'suspend',
    'restrict',
    'deactivate',
    'reinstate',
    'lift',
    'ladder',
    'again',
    'target',
    'acknowledge',
    'partly',
  ),
  nth: fc.nat(8),
  days: fc.integer({ min: 1, max: 900 }),
});
export type Step = { kind: string; nth: number; days: number };
