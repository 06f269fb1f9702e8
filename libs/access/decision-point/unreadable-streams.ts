import { type Ladder, unreadableLadder } from '../../enforcement/index.js';
import { type ImageRules, unreadableRules } from '../../image-rules/index.js';
import type { PoliciesInForce } from '../../policy/index.js';
import { type PhaseRestrictions, type Switches, unreadableSwitches } from '../../switches/index.js';

export interface Streams {
  switches: Switches;
  policies: PoliciesInForce;
  rules: ImageRules;
  ladder: Ladder;
  phases: PhaseRestrictions;
}

/**
 * For each stream with a broken event that concerns everybody: what is denied because of it, and how an operator ends that.
 * @param now epoch milliseconds
 */
export function unreadableStreams({ switches, policies, rules, ladder, phases }: Streams, now: number): string[] {
  const { unreadable } = policies;
  const suspended = unreadableSwitches(switches);
  const texts: string[] = [];
  if (suspended.length > 0) {
    const actions = suspended.map(({ action }) => action).join(', ');
    texts.push(
      `${actions} denied to everybody: the event of the switches at position ${suspended[0]!.position} can't be read; ` +
        'check what it was to change, then run "gatehouse switch resume ACTION REASON" for each',
    );
  }
  for (const { rule, position } of unreadableRules(rules, now)) {
    texts.push(
      `${rule} in force for everybody: the event of the rules about images at position ${position} can't be read; ` +
        `check what it was to change, then run "gatehouse image-rule set ${rule} REASON" or lift it, without an end`,
    );
  }
  if (unreadable !== undefined) {
    texts.push(
      `every use denied to everybody: the event of the content policy at position ${unreadable} can't be read; ` +
        'run "gatehouse policy publish VERSION" without grace days, which supersedes whatever it was',
    );
  }
  const brokenLadder = unreadableLadder(ladder);
  if (brokenLadder !== undefined) {
    texts.push(
      `every confirmed violation deactivates the account: the event of the ladder at position ${brokenLadder} can't be read; ` +
        'check what it was to change, then run "gatehouse ladder set FILE --reason TEXT"',
    );
  }
  if (phases.unreadable !== undefined) {
    texts.push(
      `generating, sharing, downloading and joining denied to everybody: the event of the rollout at position ${phases.unreadable.position}, which may have set a phase, can't be read; ` +
        'check what it was to change, then run "gatehouse rollout propose-phase PHASE REASON" and let another person approve it',
    );
  }
  return texts;
}
