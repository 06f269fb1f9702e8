import { describe, expect, it } from '@jest/globals';
import { type JoiningFacts, joinWithAddress } from './account-address.js';
import type { AccountStanding, PublishedPolicies } from './account-standing.js';

const data = { accountId: 'acc-1', email: 'ada@example.org', policyVersion: '2' };
const published: PublishedPolicies = {
  versions: [
    { version: '1', withdrawn: false },
    { version: '2', withdrawn: false },
    { version: 'gone', withdrawn: true },
  ],
  inForce: { current: '2', upcoming: new Set(), unreadable: undefined },
} as unknown as PublishedPolicies;
const join = (
  status: AccountStanding['status'],
  change: Partial<typeof data> = {},
  facts: Partial<JoiningFacts> = {},
) =>
  joinWithAddress(
    { standing: { status, deactivated: false }, changedAt: 0 },
    false,
    { ...data, ...change },
    {
      ...{ now: 0, published, ...facts },
    },
  );
const typesOf = (events: readonly { type: string }[]) => events.map(({ type }) => type);

describe('agreeing to the content policy by joining', () => {
  it('is recorded in the join, and as an acceptance', () => {
    expect(join('unknown')).toEqual([
      { type: 'WaitlistJoined', data },
      { type: 'PolicyAccepted', data: { accountId: 'acc-1', version: '2' } },
    ]);
    expect(typesOf(join('left'))).toEqual(['WaitlistJoined', 'PolicyAccepted']);
  });

  it('is refused for another version than one that can be accepted, whatever the account is', () => {
    for (const status of ['unknown', 'waiting', 'onboarded'] as const) {
      const refused = (policyVersion: string) => expect(() => join(status, { policyVersion }));
      refused('1').toThrow(expect.objectContaining({ code: 'policy-outdated' }));
      refused('gone').toThrow(expect.objectContaining({ code: 'policy-withdrawn' }));
      refused('3').toThrow(expect.objectContaining({ code: 'policy-unknown' }));
    }
  });

  it('is a no-op for somebody who waits already: anybody may have typed their address', () => {
    expect(join('waiting', {}, { isAnonymous: true })).toEqual([]);
    expect(join('onboarded')).toEqual([]);
  });
});
