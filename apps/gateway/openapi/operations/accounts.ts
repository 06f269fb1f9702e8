import { Type } from 'typebox';
import type { AcceptPolicyController } from '../../../../libs/account/features/accept-policy.js';
import type { DeactivateAccountController } from '../../../../libs/account/features/deactivate-account.js';
import type { ReinstateAccountController } from '../../../../libs/account/features/reinstate-account.js';
import type { ShowAccountController } from '../../../../libs/account/features/show-account.js';
import type { SuspendAccountController } from '../../../../libs/account/features/suspend-account.js';
import {
  closed,
  history,
  instant,
  oneOf,
  orNull,
  position,
  text,
} from '../../../../libs/http/openapi/answer-schemas.js';
import { WriteReceipt } from '../../../../libs/http/write-receipt.js';
import { answerOf, type OperationGroup } from '../operation.js';

const id = 'The account.';
const reason = 'Why, as a lower-case label, like `second-strike`.';

export const accountOperations: OperationGroup = {
  name: 'Accounts',
  description: 'Where an account stands, now or at any earlier moment, and what changes that.',
  operations: {
    'GET /v1/accounts/{id}': {
      id: 'showAccount',
      summary: 'Where an account stands, or stood, and everything that led there',
      description: 'Folded from the account’s own events, so that it is exact at the moment of the question.',
      fields: { id, asOf: 'A position in digits or a time (RFC 3339): only what was stored by then counts.' },
      answers: {
        200: answerOf<ShowAccountController['show']>()(
          'Account',
          'The account.',
          closed({
            accountId: text('The account.'),
            status: oneOf(['unknown', 'waiting', 'left', 'onboarded'], 'Where it stands.'),
            deactivated: Type.Boolean({ description: 'Denied everything, until it is reinstated.' }),
            suspendedUntil: orNull(instant('Denied everything while the clock is before it.')),
            policyVersion: orNull(text('The content policy accepted last.')),
            cohortId: orNull(text('The cohort it was let in with.')),
            asOf: closed(
              { position: position('Its place in the log.'), time: instant('When it was stored.') },
              'The last event that is taken into account.',
            ),
            history,
          }),
          {
            accountId: 'acc-1',
            status: 'waiting',
            deactivated: false,
            suspendedUntil: null,
            policyVersion: null,
            cohortId: null,
            asOf: { position: '12', time: '2022-05-18T09:00:00.012Z' },
            history: [
              {
                position: '12',
                type: 'WaitlistJoined',
                time: '2022-05-18T09:00:00.000Z',
                actor: { kind: 'service', id: 'web', role: 'service' },
              },
            ],
          },
        ),
      },
      refusals: { 404: ['account-unknown'] },
    },
    'POST /v1/accounts/{id}/policy-acceptance': {
      id: 'acceptPolicy',
      summary: 'The holder of the account accepts the content policy in force',
      fields: { id, version: 'The version in force.' },
      example: { version: '2022-05-18' },
      answers: {
        200: answerOf<AcceptPolicyController['accept']>()('Written', 'Accepted.', WriteReceipt, { position: '1042' }),
      },
      refusals: { 404: ['account-unknown', 'policy-unknown'], 409: ['account-deactivated', 'policy-outdated'] },
    },
    'POST /v1/accounts/{id}/suspension': {
      id: 'suspendAccount',
      summary: 'Denies the account everything until a time; a later call moves that time',
      fields: { id, until: 'The suspension ends then by itself (RFC 3339).', reason },
      example: { until: '2032-06-01T00:00:00Z', reason: 'second-strike' },
      answers: {
        200: answerOf<SuspendAccountController['suspend']>()('Written', 'Suspended.', WriteReceipt, {
          position: '1042',
        }),
      },
      refusals: { 404: ['account-unknown'], 409: ['account-deactivated', 'suspension-over'] },
    },
    'POST /v1/accounts/{id}/deactivation': {
      id: 'deactivateAccount',
      summary: 'Takes the account its access, until it is reinstated',
      description: 'Works for an account that is not known yet, too. Doing it again changes nothing.',
      fields: { id, reason, categories: 'What was found, as lower-case labels.' },
      example: { reason: 'operator-decision', categories: ['violent'] },
      answers: {
        200: answerOf<DeactivateAccountController['deactivate']>()('Written', 'Deactivated.', WriteReceipt, {
          position: '1042',
        }),
      },
    },
    'POST /v1/accounts/{id}/reinstatement': {
      id: 'reinstateAccount',
      summary: 'Takes a deactivation and a suspension back; the account stands where it stood before',
      fields: { id, reason },
      example: { reason: 'appeal-granted' },
      answers: {
        200: answerOf<ReinstateAccountController['reinstate']>()('Written', 'Reinstated.', WriteReceipt, {
          position: '1042',
        }),
      },
    },
  },
};
