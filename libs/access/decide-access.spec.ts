import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AccountStanding, sufficientPolicy } from '../account/index.js';
import { ACCESS_ACTIONS, type AccessAction, type AccessFacts, decideAccess } from './decide-access.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const member: AccountStanding = { status: 'onboarded', deactivated: false, policyVersion: 'v2' };
const facts: AccessFacts = { now: NOW, hasAcceptedPolicy: true };
const USES: AccessAction[] = ['generate', 'share', 'download', 'flag'];

const reason = (standing: Partial<AccountStanding>, action: AccessAction, more: Partial<AccessFacts> = {}) => {
  const { decision, reason: denied } = decideAccess({ ...member, ...standing }, action, { ...facts, ...more });
  return decision ? 'allowed' : denied;
};

describe('an access decision', () => {
  it.each(USES)('allows %s to an onboarded account that accepted the policy in force', (action) => {
    expect(reason({}, action)).toBe('allowed');
  });

  it.each(USES)('denies %s to an account that is unknown, waits or left', (action) => {
    expect(reason({ status: 'unknown' }, action)).toBe('account-unknown');
    expect(reason({ status: 'waiting' }, action)).toBe('not-onboarded');
    expect(reason({ status: 'left' }, action)).toBe('not-onboarded');
  });

  it.each(USES)('denies %s to an account that has not accepted the policy in force', (action) => {
    for (const hasAcceptedPolicy of [false, undefined]) {
      expect(reason({ policyVersion: undefined }, action, { hasAcceptedPolicy })).toBe('policy-not-accepted');
      expect(reason({}, action, { hasAcceptedPolicy })).toBe('policy-outdated');
    }
  });

  it.each(USES)('denies %s while the policy or the account cannot be read, whatever was accepted', (action) => {
    expect(reason({}, action, { isPolicyUnreadable: true })).toBe('policy-unreadable');
    expect(reason({ unreadable: 7 }, action, { isPolicyUnreadable: true })).toBe('account-unreadable');
    expect(reason({ unreadable: 7, deactivated: true }, action)).toBe('account-deactivated');
  });

  it.each(ACCESS_ACTIONS)(
    'denies %s to a deactivated account before any other rule, even to an unknown one',
    (action) => {
      expect(reason({ deactivated: true, suspendedUntil: NOW + 1 }, action)).toBe('account-deactivated');
      expect(reason({ deactivated: true, status: 'unknown' }, action)).toBe('account-deactivated');
    },
  );

  it.each(ACCESS_ACTIONS)('denies %s until the suspension ends by the clock', (action) => {
    expect(reason({ suspendedUntil: NOW + 1 }, action)).toBe('account-suspended');
    expect(reason({ suspendedUntil: NOW }, action)).not.toBe('account-suspended');
  });

  it('allows joining to accounts that are unknown, waiting or left, and denies it to onboarded ones', () => {
    for (const status of ['unknown', 'left', 'waiting'] as const) {
      expect(reason({ status, policyVersion: undefined }, 'join')).toBe('allowed');
    }
    expect(reason({}, 'join')).toBe('already-onboarded');
  });

  it.each(['generate', 'share', 'download', 'join'] as const)(
    'denies %s while a switch or the phase suspends it, after the rules of the account and before those of the image',
    (action) => {
      const user: Partial<AccountStanding> = action === 'join' ? { status: 'waiting' } : {};
      const image = { photorealistic: true, faces: true, isParked: true };
      expect(reason(user, action, { suspendedFor: 'everyone', image })).toBe(`${action}-suspended`);
      expect(reason({ deactivated: true }, action, { suspendedFor: 'everyone' })).toBe('account-deactivated');
      expect(reason(user, action, { isSuspendedByPhase: true, image })).toBe(`${action}-suspended-by-phase`);
      expect(reason(user, action, { isSuspendedByPhase: true, suspendedFor: 'everyone' })).toBe(`${action}-suspended`);
      if (action === 'join') return;
      expect(reason({}, action, { suspendedFor: 'cohort' })).toBe(`${action}-suspended-for-cohort`);
      expect(reason({}, action, { suspendedFor: 'cohort', hasAcceptedPolicy: false })).toBe('policy-outdated');
    },
  );

  it('denies sharing a photorealistic image with faces, and allows downloading it', () => {
    const image = { photorealistic: true, faces: true };
    expect(reason({}, 'share', { image })).toBe('face-sharing-restricted');
    expect(reason({}, 'download', { image })).toBe('allowed');
    expect(reason({}, 'share', { image: { ...image, faces: false } })).toBe('allowed');
    expect(reason({}, 'share', { image: { ...image, photorealistic: false } })).toBe('allowed');
    expect(reason({}, 'share', { image, mayShareFaces: true })).toBe('allowed');
    expect(reason({}, 'share', { image, mayShareUnknown: true })).toBe('face-sharing-restricted');
  });

  it('denies sharing an image of which nobody knows enough, unless the rule is lifted or a setting allows that', () => {
    for (const image of [{}, { photorealistic: true }, { faces: true }, { photorealistic: null, faces: null }]) {
      expect(reason({}, 'share', { image })).toBe('image-facts-unknown');
      expect(reason({}, 'download', { image })).toBe('allowed');
      expect(reason({}, 'share', { image, mayShareUnknown: true })).toBe('allowed');
      expect(reason({}, 'share', { image, mayShareFaces: true })).toBe('allowed');
    }
    for (const image of [{ photorealistic: false }, { faces: false }])
      expect(reason({}, 'share', { image })).toBe('allowed');
  });

  it('denies sharing an image of which nothing is known, also if the rule is lifted, unless a setting allows that', () => {
    const image = { isUnknown: true };
    expect(reason({}, 'share', { image, mayShareFaces: true })).toBe('image-facts-unknown');
    expect(reason({}, 'share', { image, mayShareFaces: true, mayShareUnknown: true })).toBe('allowed');
    for (const action of ['download', 'flag'] as const) expect(reason({}, action, { image })).toBe('allowed');
  });

  it.each(['generate', 'share'] as const)(
    'denies %s while it is restricted for the account, by the clock',
    (action) => {
      const restriction = { cause: 'img-1', isManual: false, action, until: NOW + 1 };
      const consequences = { deactivations: [], suspensions: [], restrictions: [restriction], strikes: [] };
      for (const other of USES)
        expect(reason({ consequences }, other)).toBe(other === action ? `${action}-restricted` : 'allowed');
      const ended = { ...consequences, restrictions: [{ ...restriction, until: NOW }] };
      expect(reason({ consequences: ended }, action)).toBe('allowed');
    },
  );

  it('denies sharing, downloading and flagging a withheld image to everybody, and not reviewing it', () => {
    const image = { isWithheld: true };
    for (const action of ['share', 'download', 'flag'] as const)
      expect(reason({}, action, { image })).toBe('image-withheld');
    expect(reason({}, 'review', { isReviewer: true, caseInfo: {}, image })).toBe('allowed');
    expect(reason({ deactivated: true }, 'share', { image })).toBe('account-deactivated');
  });

  it('denies sharing the image of another account', () => {
    expect(reason({}, 'share', { image: { isOthers: true } })).toBe('not-image-owner');
    expect(reason({}, 'download', { image: { isOthers: true } })).toBe('allowed');
  });

  it('denies sharing and reviewing an image with a parked event', () => {
    expect(reason({}, 'share', { image: { photorealistic: false, faces: false, isParked: true } })).toBe(
      'image-parked',
    );
    expect(reason({}, 'review', { isReviewer: true, image: { isParked: true }, caseInfo: {} })).toBe('image-parked');
    expect(reason({}, 'download', { image: { isParked: true } })).toBe('allowed');
  });

  it('allows review to a reviewer without an account, unless they flagged the image or own it', () => {
    const review = { isReviewer: true, caseInfo: {} };
    expect(reason({ status: 'unknown' }, 'review', review)).toBe('allowed');
    expect(reason({}, 'review', { ...review, isReviewer: false })).toBe('not-a-reviewer');
    expect(reason({}, 'review', { ...review, caseInfo: undefined })).toBe('case-unknown');
    expect(reason({}, 'review', { ...review, caseInfo: { conflict: 'own-flag' } })).toBe('own-flag');
    expect(reason({}, 'review', { ...review, caseInfo: { conflict: 'own-image' } })).toBe('own-image');
    expect(reason({}, 'review', { ...review, caseInfo: { conflict: 'linked-account' } })).toBe('linked-account');
    expect(reason({}, 'review', { ...review, caseInfo: { conflict: 'own-decision' } })).toBe('own-decision');
  });

  it('allows a use only to an onboarded, active account that accepted the policy in force', () => {
    const version = fc.option(fc.constantFrom('v1', 'v2'), { nil: undefined });
    const standing = fc.record({
      status: fc.constantFrom('unknown' as const, 'waiting' as const, 'left' as const, 'onboarded' as const),
      deactivated: fc.boolean(),
      suspendedUntil: fc.option(fc.constantFrom(NOW - 1, NOW, NOW + 1), { nil: undefined }),
      policyVersion: version,
      earlierPolicies: fc.option(fc.subarray(['v1', 'v2']), { nil: undefined }),
    });
    const sufficient = fc.subarray(['v1', 'v2']).map((versions) => new Set(versions));
    fc.assert(
      fc.property(standing, sufficient, fc.constantFrom(...USES), (account, policies, action) => {
        const { decision, reason: denied } = decideAccess(account, action, {
          ...facts,
          hasAcceptedPolicy: sufficientPolicy(account, policies) !== undefined,
        });
        const mayUse =
          account.status === 'onboarded' &&
          !account.deactivated &&
          !(account.suspendedUntil !== undefined && account.suspendedUntil > NOW) &&
          account.policyVersion !== undefined &&
          [account.policyVersion, ...(account.earlierPolicies ?? [])].some((one) => policies.has(one));
        expect(decision).toBe(mayUse);
        if (!decision) expect(denied).toMatch(/^[a-z]+(-[a-z]+)*$/);
      }),
    );
  });
});
