import { expect, it } from '@jest/globals';
import { fold } from '../../kernel/decider.js';
import { type PolicyEvent, policyStream } from '../../policy/index.js';
import { knownSeverities } from './known-severities.js';

const RULE = 'photorealistic-faces';
const NOW = Date.UTC(2022, 4, 19);
const withClauses = (...clauses: { id: string; title: string; severity: number }[]) =>
  fold(policyStream, [{ type: 'ContentPolicyPublished', data: { version: '1', clauses } } as PolicyEvent]);

it('have the rules about images beside the clauses, whose own severity goes before', () => {
  const violent = { id: 'violent', title: 'No violence', severity: 2 };
  const severities = knownSeverities(withClauses(violent), NOW)!;
  expect(severities.get('violent')).toBe(2);
  expect(severities.get(RULE)).toBe(1);
  const severe = knownSeverities(withClauses(violent, { id: RULE, title: 'No faces', severity: 3 }), NOW)!;
  expect(severe.get(RULE)).toBe(3);
});

it('say nothing of a rule if no version has clauses, or if the policy can’t be read', () => {
  expect(knownSeverities(withClauses(), NOW)).toBeNull();
  const unreadable = policyStream.evolveBroken!(withClauses(), { position: 7, time: '2022-05-18T00:00:00Z' });
  expect(knownSeverities(unreadable, NOW)!.has(RULE)).toBe(false);
});
