import { expect, it } from '@jest/globals';
import type { AccountStanding } from './account-standing.js';
import { keepsAddress, leaveErased } from './erased-account.js';

const standing = (status: AccountStanding['status'], deactivated = false): AccountStanding => ({ status, deactivated });

it('takes an erased account that waits off the waitlist, and no other', () => {
  expect(leaveErased(standing('waiting'), 'acc-1')).toEqual([{ type: 'WaitlistLeft', data: { accountId: 'acc-1' } }]);
  for (const status of ['unknown', 'left', 'onboarded'] as const)
    expect(leaveErased(standing(status), 'acc-1')).toEqual([]);
});

it('keeps the address of an onboarded account, and of a deactivated one by the setting', () => {
  expect(keepsAddress(standing('left'), true)).toBe(false);
  expect(keepsAddress(standing('onboarded'), false)).toBe(true);
  for (const status of ['unknown', 'left', 'onboarded'] as const)
    expect([keepsAddress(standing(status, true), true), keepsAddress(standing(status, true), false)]).toEqual([
      true,
      false,
    ]);
  // It may be deactivated.
  expect(keepsAddress({ ...standing('left'), unreadable: 7 }, true)).toBe(true);
});
