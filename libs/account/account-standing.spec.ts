import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '../kernel/decider.js';
import { GatehouseError } from '../kernel/errors.js';
import { deactivateAccount, reinstateAccount, suspendAccount } from './account-enforcement.js';
import {
  type AccountStanding,
  acceptPolicy,
  accountStream,
  isSuspended,
  joinWaitlist,
  leaveWaitlist,
  onboardAccount,
  sufficientPolicy,
} from './account-standing.js';
import type { AccountEvent } from './events.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const LATER = '2022-05-19T09:00:00.000Z';
const accountId = 'acc-1';
const application = { accountId, email: 'ada@example.org' };
const published = {
  versions: ['v1', 'v2', 'v3', 'v4'].map((version) => ({ version, withdrawn: version === 'v3' })),
  inForce: { current: 'v2', upcoming: new Set(['v4']) },
};

const joined: AccountEvent = { type: 'WaitlistJoined', data: application };
const left: AccountEvent = { type: 'WaitlistLeft', data: { accountId } };
const onboarded: AccountEvent = { type: 'AccountOnboarded', data: { accountId, cohortId: 'c1' } };
const accepted: AccountEvent = { type: 'PolicyAccepted', data: { accountId, version: 'v2' } };
const suspended: AccountEvent = { type: 'AccountSuspended', data: { accountId, until: LATER, reason: 'strike' } };
const deactivated: AccountEvent = {
  type: 'AccountDeactivated',
  data: { accountId, reason: 'review-confirmed', categories: [] },
};
const reinstated: AccountEvent = { type: 'AccountReinstated', data: { accountId, reason: 'appeal' } };

const given = (...events: AccountEvent[]): AccountStanding => fold(accountStream, events);
const refusal = (code: string) => expect.objectContaining({ code });
const attempt = (decide: () => unknown) => {
  try {
    return decide();
  } catch (error) {
    if (error instanceof GatehouseError) return error;
    throw error;
  }
};

describe('joining the waitlist', () => {
  it('adds an unknown account to the waitlist', () => {
    expect(joinWaitlist(given(), application, NOW)).toEqual([joined]);
  });

  it('gives an account that left a new place', () => {
    expect(joinWaitlist(given(joined, left), application, NOW)).toEqual([joined]);
  });

  it('is a no-op for an account that waits or is onboarded', () => {
    expect(joinWaitlist(given(joined), application, NOW)).toEqual([]);
    expect(joinWaitlist(given(joined, onboarded), application, NOW)).toEqual([]);
  });

  it('refuses a deactivated account, and a suspended one until the suspension ends', () => {
    expect(attempt(() => joinWaitlist(given(deactivated), application, NOW))).toEqual(refusal('account-deactivated'));
    const state = given(joined, left, suspended);
    expect(attempt(() => joinWaitlist(state, application, NOW))).toEqual(refusal('account-suspended'));
    expect(joinWaitlist(state, application, Date.parse(LATER))).toEqual([joined]);
  });
});

describe('leaving the waitlist', () => {
  it('gives up the place on the waitlist', () => {
    expect(leaveWaitlist(given(joined), accountId)).toEqual([left]);
  });

  it('is a no-op the second time', () => {
    expect(leaveWaitlist(given(joined, left), accountId)).toEqual([]);
  });

  it('refuses an unknown account and an onboarded one', () => {
    expect(attempt(() => leaveWaitlist(given(), accountId))).toEqual(refusal('account-unknown'));
    expect(attempt(() => leaveWaitlist(given(joined, onboarded), accountId))).toEqual(refusal('already-onboarded'));
  });
});

describe('accepting the content policy', () => {
  const accept = (state: AccountStanding, version: string) => acceptPolicy(state, { accountId, version }, published);

  it('records the version in force', () => {
    expect(accept(given(joined), 'v2')).toEqual([accepted]);
  });

  it('records a version that comes into force later, beside the one in force', () => {
    const [announced] = accept(given(joined, accepted), 'v4');
    expect(announced).toEqual({ type: 'PolicyAccepted', data: { accountId, version: 'v4' } });
    expect(given(joined, accepted, announced!)).toMatchObject({ policyVersion: 'v4', earlierPolicies: ['v2'] });
  });

  it('is a no-op if that version was accepted, last or before', () => {
    expect(accept(given(joined, accepted), 'v2')).toEqual([]);
    const later: AccountEvent = { type: 'PolicyAccepted', data: { accountId, version: 'v3' } };
    expect(accept(given(joined, accepted, later), 'v2')).toEqual([]);
  });

  it('refuses an outdated version, a withdrawn one, one never published, an unknown account and a deactivated one', () => {
    expect(attempt(() => accept(given(joined), 'v1'))).toEqual(refusal('policy-outdated'));
    expect(attempt(() => accept(given(joined), 'v3'))).toEqual(refusal('policy-withdrawn'));
    expect(attempt(() => accept(given(joined), 'v9'))).toEqual(refusal('policy-unknown'));
    expect(attempt(() => accept(given(), 'v2'))).toEqual(refusal('account-unknown'));
    expect(attempt(() => accept(given(joined, deactivated), 'v2'))).toEqual(refusal('account-deactivated'));
  });

  it('suffices if any accepted version does: in a grace period, or before one that was withdrawn', () => {
    const standing = { ...given(joined), policyVersion: 'v4', earlierPolicies: ['v1', 'v2'] };
    const accepted = (...sufficient: string[]) => sufficientPolicy(standing, new Set(sufficient));
    expect(accepted('v4', 'v2')).toBe('v4');
    expect(accepted('v1', 'v2')).toBe('v2');
    expect(accepted('v3')).toBeUndefined();
    expect(accepted()).toBeUndefined();
    expect(sufficientPolicy(given(joined), new Set(['v1']))).toBeUndefined();
  });

  it('names a version that can be accepted, also before one is in force, or says that there is none', () => {
    const versions = ['v3', 'v4'].map((version) => ({ version, withdrawn: version === 'v3' }));
    const acceptBefore = (version: string, upcoming: string[]) =>
      attempt(() =>
        acceptPolicy(given(joined), { accountId, version }, { versions, inForce: { upcoming: new Set(upcoming) } }),
      );
    for (const version of ['v3', 'v9'])
      expect(acceptBefore(version, ['v4'])).toMatchObject({ message: expect.stringContaining('; accept v4') });
    for (const version of ['v3', 'v4', 'v9'])
      expect(acceptBefore(version, [])).toMatchObject({
        message: expect.stringContaining('; an operator has to publish a version first'),
      });
  });
});

describe('onboarding an account', () => {
  const onboard = (state: AccountStanding, cohortId = 'c1') => onboardAccount(state, { accountId, cohortId });

  it('onboards an account that waits', () => {
    expect(onboard(given(joined))).toEqual([onboarded]);
  });

  it('is a no-op for an onboarded account, also with another cohort', () => {
    expect(onboard(given(joined, onboarded), 'c2')).toEqual([]);
  });

  it('refuses an account that does not wait and a deactivated one', () => {
    expect(attempt(() => onboard(given()))).toEqual(refusal('not-waiting'));
    expect(attempt(() => onboard(given(joined, left)))).toEqual(refusal('not-waiting'));
    expect(attempt(() => onboard(given(joined, deactivated)))).toEqual(refusal('account-deactivated'));
  });
});

describe('suspending an account', () => {
  const suspend = (state: AccountStanding, until = LATER) =>
    suspendAccount(state, { accountId, until, reason: 'strike' }, NOW);

  it('suspends until the given time and no longer', () => {
    expect(suspend(given(joined))).toEqual([suspended]);
    expect(isSuspended(given(joined, suspended), Date.parse(LATER) - 1)).toBe(true);
    expect(isSuspended(given(joined, suspended), Date.parse(LATER))).toBe(false);
  });

  it('is a no-op for the same time', () => {
    expect(suspend(given(joined, suspended))).toEqual([]);
  });

  it('refuses a time in the past, an unknown account and a deactivated one', () => {
    expect(attempt(() => suspend(given(joined), '2022-05-18T09:00:00.000Z'))).toEqual(refusal('suspension-over'));
    expect(attempt(() => suspend(given()))).toEqual(refusal('account-unknown'));
    expect(attempt(() => suspend(given(joined, deactivated)))).toEqual(refusal('account-deactivated'));
  });
});

describe('deactivating and reinstating an account', () => {
  it('deactivates any account, known or not, once', () => {
    expect(deactivateAccount(given(), deactivated.data as never)).toEqual([deactivated]);
    expect(deactivateAccount(given(joined, onboarded), deactivated.data as never)).toEqual([deactivated]);
    expect(deactivateAccount(given(joined, deactivated), deactivated.data as never)).toEqual([]);
  });

  it('ends the doubt about a broken event, which nothing else ends', () => {
    const doubtful = accountStream.evolveBroken!(given(joined, onboarded), { position: 7, time: '' });
    expect(reinstateAccount(doubtful, reinstated.data as never, NOW)).toEqual([reinstated]);
    expect(fold(accountStream, [reinstated], doubtful)).toEqual(given(joined, onboarded));
    expect(fold(accountStream, [joined, onboarded, suspended], doubtful)).toMatchObject({ unreadable: 7 });
  });

  it('gives a reinstated account its earlier status', () => {
    expect(reinstateAccount(given(joined, onboarded, deactivated), reinstated.data as never, NOW)).toEqual([
      reinstated,
    ]);
    expect(given(joined, onboarded, suspended, deactivated, reinstated)).toEqual(given(joined, onboarded));
  });

  it('is a no-op without a deactivation or suspension to reverse', () => {
    expect(reinstateAccount(given(joined), reinstated.data as never, NOW)).toEqual([]);
  });
});

describe('an account under any commands', () => {
  type Command = (state: AccountStanding) => AccountEvent[];
  const commands: Record<string, Command> = {
    join: (state) => joinWaitlist(state, application, NOW),
    leave: (state) => leaveWaitlist(state, accountId),
    accept: (state) => acceptPolicy(state, { accountId, version: 'v2' }, published),
    onboard: (state) => onboardAccount(state, { accountId, cohortId: 'c1' }),
    suspend: (state) => suspendAccount(state, { accountId, until: LATER, reason: 'strike' }, NOW),
    deactivate: (state) => deactivateAccount(state, { accountId, reason: 'review-confirmed', categories: [] }),
    reinstate: (state) => reinstateAccount(state, { accountId, reason: 'appeal' }, NOW),
  };

  it('is onboarded at most once, and repeating a command is a no-op', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(commands)), { maxLength: 40 }), (names) => {
        const log: AccountEvent[] = [];
        for (const name of names) {
          const decided = attempt(() => commands[name]!(fold(accountStream, log)));
          if (decided instanceof GatehouseError) continue;
          log.push(...(decided as AccountEvent[]));
          expect(attempt(() => commands[name]!(fold(accountStream, log)))).toEqual([]);
        }
        expect(log.filter((event) => event.type === 'AccountOnboarded').length).toBeLessThanOrEqual(1);
        const turns = log.filter((event) => event.type === 'AccountDeactivated' || event.type === 'AccountReinstated');
        for (const [i, { type }] of turns.entries()) {
          if (type === 'AccountDeactivated') expect(turns[i - 1]?.type).not.toBe('AccountDeactivated');
        }
      }),
    );
  });
});
