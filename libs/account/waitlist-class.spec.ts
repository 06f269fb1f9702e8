import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import {
  classOnJoining,
  refuseReservedClass,
  type SetWaitlistClass,
  setWaitlistClass,
  waitlistClassStream,
} from './waitlist-class.js';

const accountId = 'acc-1';
const joined = { type: 'WaitlistJoined', data: { accountId, email: 'x@example.org' } } as const;
const inClass = (name: string) =>
  ({ type: 'WaitlistClassSet', data: { accountId, class: name, reason: 'spec' } }) as const;
const onboarded = { type: 'AccountOnboarded', data: { accountId, cohortId: 'c' } } as const;
const command: SetWaitlistClass = { accountId, class: 'artists', reason: 'spec' };
const set = (...history: object[]) => setWaitlistClass(fold(waitlistClassStream, history as never[]), command);

describe('putting an account into a class of the waitlist', () => {
  it('records the class and why', () => {
    expect(set(joined)).toEqual([inClass('artists')]);
    expect(set(joined, inClass('testers'))).toEqual([inClass('artists')]);
  });

  it('refuses an account that nobody knows, or that is onboarded', () => {
    expect(() => set()).toThrow(expect.objectContaining({ code: 'account-unknown' }));
    expect(() => set(joined, onboarded)).toThrow(expect.objectContaining({ code: 'already-onboarded' }));
  });

  it('is a no-op in that class already, also after the account left and rejoined', () => {
    expect(set(joined, inClass('artists'))).toEqual([]);
    expect(set(joined, inClass('artists'), joined)).toEqual([]);
    expect(set(joined, inClass('artists'), onboarded)).toEqual([]);
  });
});

describe('the class of somebody who joins', () => {
  it('is that of the join, or that of an earlier one', () => {
    expect(classOnJoining('artists', undefined)).toBe('artists');
    expect(classOnJoining('artists', 'testers')).toBe('artists');
    expect(classOnJoining(undefined, 'testers')).toBe('testers');
    expect(classOnJoining(undefined, undefined)).toBe('general');
  });

  it('stays that of staff and of hold-outs, whatever the join names', () => {
    expect(classOnJoining('artists', 'hold-out')).toBe('hold-out');
    expect(classOnJoining('general', 'staff')).toBe('staff');
  });

  it('is one of these two only if an operator says so', () => {
    for (const name of ['staff', 'hold-out']) {
      expect(() => refuseReservedClass(name, false)).toThrow(expect.objectContaining({ code: 'class-reserved' }));
      expect(() => refuseReservedClass(name, true)).not.toThrow();
    }
    expect(() => refuseReservedClass('artists', false)).not.toThrow();
    expect(() => refuseReservedClass(undefined, false)).not.toThrow();
  });
});
