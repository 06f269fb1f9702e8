import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { policyStream, publishPolicy } from './policy.js';

const given = (...versions: string[]) =>
  fold(
    policyStream,
    versions.map((version) => ({ type: 'ContentPolicyPublished' as const, data: { version } })),
  );

describe('publishing a content policy', () => {
  it('puts the version in force', () => {
    expect(publishPolicy(given('v1'), { version: 'v2' })).toEqual([
      { type: 'ContentPolicyPublished', data: { version: 'v2' } },
    ]);
    expect(given('v1', 'v2')).toEqual({ versions: ['v1', 'v2'], current: 'v2' });
  });

  it('is a no-op for the version in force', () => {
    expect(publishPolicy(given('v1', 'v2'), { version: 'v2' })).toEqual([]);
  });

  it('refuses a superseded version', () => {
    expect(() => publishPolicy(given('v1', 'v2'), { version: 'v1' })).toThrow(
      expect.objectContaining({ code: 'policy-superseded' }),
    );
  });
});
