import type { Circumstances } from '../../context/decisions-again.js';
import { foldRecorded } from '../../kernel/decider.js';
import { clausesAt, policyStream } from '../../policy/index.js';
import type { Case } from '../case.js';
import type { CaseFacts } from '../conflict-of-interest.js';
import { notedFlaggerId, notedFlaggerStream } from '../noted-flagger.js';
import { NO_STANDING } from '../priority.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { reviewerStream, SEVERE_SKILL, withSevereSkill } from '../reviewer.js';
import type { RoutingFacts } from '../routing.js';
import { severeViewersStream } from '../severe-viewers.js';
import { knownSeverities } from './known-severities.js';

/**
 * What a decision about a case knew beside its stream, as it was stored by then: the policy, the settings, and what is recorded
 * of these reviewers. Who owns the image is as the case says.
 */
export async function caseFactsAgain(
  state: Pick<Case, 'route'>,
  reviewers: readonly string[],
  { before, id, now }: Circumstances,
): Promise<CaseFacts> {
  const policies = foldRecorded(policyStream, await before(policyStream.category));
  const rules = foldRecorded(reviewSettingsStream, await before(reviewSettingsStream.category));
  const { viewers } = foldRecorded(severeViewersStream, await before(severeViewersStream.category));
  const people = await Promise.all(
    reviewers.map(async (one) => {
      const profile = foldRecorded(reviewerStream, await before(`${reviewerStream.category}-${one}`));
      const noted = await before(`${notedFlaggerStream.category}-${notedFlaggerId(id, one)}`);
      return {
        id: one,
        profile: withSevereSkill(profile, viewers.has(one)),
        round: foldRecorded(notedFlaggerStream, noted).round,
      };
    }),
  );
  const queue = rules.queues.find((one) => one.id === state.route?.queue);
  return {
    ...(queue && { needs: { queue, reviewers: new Map(people.map((one) => [one.id, one.profile])) } }),
    notedRounds: new Map(people.map((one) => [one.id, one.round])),
    links: new Map(people.map((one) => [one.id, one.profile.accounts])),
    severeViewers: new Set(people.flatMap((one) => (one.profile.skills.has(SEVERE_SKILL) ? [one.id] : []))),
    clauses: new Set(clausesAt(policies, now).map((one) => one.id)),
    severities: knownSeverities(policies, now),
  };
}

/** What the queue of a case depends on. Its priority counts rows of views, which no event has: they are left out. */
export async function routingFactsAgain({ before, now }: Circumstances): Promise<RoutingFacts> {
  const policies = foldRecorded(policyStream, await before(policyStream.category));
  const rules = foldRecorded(reviewSettingsStream, await before(reviewSettingsStream.category));
  const severities = knownSeverities(policies, now) ?? new Map();
  return { rules, panelSize: 1, severities, reach: 0, records: new Map(), standing: NO_STANDING };
}
