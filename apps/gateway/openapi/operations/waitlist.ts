import { Type } from 'typebox';
import {
  closed,
  count,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../../../libs/http/openapi/answer-schemas.js';
import { WriteReceipt, writeReceiptFields } from '../../../../libs/http/write-receipt.js';
import type { JoinWaitlistController } from '../../../../libs/waitlist/features/join-waitlist.js';
import type { LeaveWaitlistController } from '../../../../libs/waitlist/features/leave-waitlist.js';
import type { ListWaitlistController } from '../../../../libs/waitlist/features/list-waitlist.js';
import { answerOf, type OperationGroup } from '../operation.js';

export const waitlistOperations: OperationGroup = {
  name: 'Waitlist',
  description: 'Who waits for access, in the order of their turn.',
  operations: {
    'POST /v1/waitlist': {
      id: 'joinWaitlist',
      summary: 'Joins the waitlist',
      description:
        'One entry per person: the same address again is the same account. Who asks without a role is answered `waiting` and nothing else, whether the address is new, known or barred, and after the same time.',
      fields: {
        email: 'The address to write to. It is stored encrypted under a key of its person.',
        priority: 'Priority class: 0 is served first, 9 last. Taken from callers with a role only.',
        locale: 'Language tag (BCP 47) to write in.',
        reason: 'What the person wants to make. Stored encrypted, as the address is.',
      },
      example: { email: 'ada@example.org', locale: 'en-GB' },
      answers: {
        202: answerOf<JoinWaitlistController['join']>()(
          'Joined',
          'The person waits.',
          closed({
            accountId: Type.Optional(text('The account that is theirs; for callers with a role.')),
            status: oneOf(
              ['unknown', 'waiting', 'left', 'onboarded'],
              'Where it stands; always `waiting` for callers without a role.',
            ),
            position: Type.Optional(writeReceiptFields.position),
          }),
          { accountId: '0196e0f0-0000-7000-8000-000000000001', status: 'waiting', position: '12' },
        ),
      },
      refusals: { 409: ['account-deactivated', 'account-suspended'] },
    },
    'DELETE /v1/waitlist/{accountId}': {
      id: 'leaveWaitlist',
      summary: 'Gives a place on the waitlist up; doing it again changes nothing',
      fields: { accountId: 'The account.' },
      answers: {
        200: answerOf<LeaveWaitlistController['leave']>()('Written', 'It has left.', WriteReceipt, {
          position: '1042',
        }),
      },
      refusals: { 404: ['account-unknown'], 409: ['already-onboarded'] },
    },
    'GET /v1/waitlist': {
      id: 'listWaitlist',
      summary: 'The entries of a status in order, and how many wait in all',
      fields: { status: 'Whose entries; those that wait come in the order of their turn. By default `waiting`.' },
      answers: {
        200: answerOf<ListWaitlistController['list']>()(
          'WaitlistPage',
          'A page of entries.',
          closed({
            items: list(
              closed({
                accountId: text('The account.'),
                status: oneOf(['waiting', 'left', 'onboarded', 'barred'], 'Where it stands.'),
                priority: count('Priority class: 0 is served first.'),
                joinedAt: instant('When it joined.'),
                cohortId: orNull(text('The cohort it was let in with.')),
                onboardedAt: orNull(instant('When it was let in.')),
                position: position('Of the account’s last event that concerns the waitlist.'),
              }),
              'The entries.',
            ),
            nextCursor: Type.Optional(text('Give it as `cursor` for the next page; absent on the last.')),
            waiting: count('People that wait now, whatever the status asked for.'),
          }),
          {
            items: [
              {
                accountId: 'acc-1',
                status: 'waiting',
                priority: 5,
                joinedAt: '2022-05-18T09:00:00.000Z',
                cohortId: null,
                onboardedAt: null,
                position: '12',
              },
            ],
            waiting: 1,
          },
        ),
      },
    },
  },
};
