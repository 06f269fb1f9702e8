import { IMAGE_RULES } from '../../image-rules/index.js';
import { type ContentPolicies, severitiesAt } from '../../policy/index.js';
import { UNKNOWN_SEVERITY } from '../priority.js';

/**
 * The severities of the content policy, and those of the rules about images that are no clause: everybody knows what the images
 * show that a rule is about, so nobody need be kept from them as from a category that nobody knows.
 */
export function knownSeverities(policies: ContentPolicies, now: number): ReadonlyMap<string, number> | null {
  const severities = severitiesAt(policies, now);
  // None at all: the policy can't be read, and may have a severe clause of any name.
  if (!severities?.size) return severities;
  return new Map([...IMAGE_RULES.map((rule) => [rule, UNKNOWN_SEVERITY] as const), ...severities]);
}
