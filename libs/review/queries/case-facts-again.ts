import type { Circumstances } from '../../context/decisions-again.js';
import { clausesAt, policyStream } from '../../policy/index.js';
import type { Case } from '../case.js';
import type { CaseFacts } from '../conflict-of-interest.js';
import { notedFlaggerId, notedFlaggerStream } from '../noted-flagger.js';
import { NO_STANDING } from '../priority.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { reviewerStream, withSevereSkill } from '../reviewer.js';
import type { RoutingFacts } from '../routing.js';
import { severeViewersStream } from '../severe-viewers.js';
import { knownSeverities } from './known-severities.js';

/** What a decision knows beside that, and what it is not to know. */
interface Known extends Pick<CaseFacts, 'owner' | 'furtherReview'> {
  severeViewers?: undefined;
}

/**
 * What a decision about a case knew beside its stream, as it was stored by then: the policy, the settings, and what is recorded
 * of these reviewers. Who owns the image is as the case says. Each is read when the decision asks for it, so do not spread them.
 */
export const caseFactsAgain = (
  state: Pick<Case, 'route'>,
  reviewers: readonly string[],
  made: Circumstances,
  known: Known = {},
): Promise<CaseFacts> => factsAgain(state, reviewers, made, null, known);

/**
 * With what the queue of a case depends on. Its priority counts rows of views, which no event has: they are left out.
 */
export async function movingFactsAgain(
  state: Pick<Case, 'route'>,
  reviewers: readonly string[],
  made: Circumstances,
): Promise<CaseFacts & RoutingFacts> {
  const rules = await made.state(reviewSettingsStream);
  const routing = { rules, panelSize: 1, reach: 0, records: new Map(), standing: NO_STANDING };
  const facts = await factsAgain(state, reviewers, made, new Map<string, number>(), {});
  return Object.assign(facts, routing);
}

/** @param noSeverities if the policy has no clauses */
async function factsAgain<NoSeverities>(
  state: Pick<Case, 'route'>,
  reviewers: readonly string[],
  made: Circumstances,
  noSeverities: NoSeverities,
  known: Known,
) {
  const { id, now } = made;
  const policies = await made.state(policyStream);
  const settings = await made.state(reviewSettingsStream);
  const severe = await made.state(severeViewersStream);
  const people = await Promise.all(
    reviewers.map(async (one) => ({
      id: one,
      profile: await made.state(reviewerStream, one),
      noted: await made.state(notedFlaggerStream, notedFlaggerId(id, one)),
    })),
  );
  return {
    get needs() {
      const queue = settings.queues.find((one) => one.id === state.route?.queue);
      const able = people.map((one) => [one.id, withSevereSkill(one.profile, severe.viewers.has(one.id))] as const);
      return queue && { queue, reviewers: new Map(able) };
    },
    get notedRounds() {
      return new Map(people.map((one) => [one.id, one.noted.round]));
    },
    get links() {
      return new Map(people.map((one) => [one.id, one.profile.accounts]));
    },
    get severeViewers() {
      return new Set(reviewers.filter((one) => severe.viewers.has(one)));
    },
    get clauses() {
      return new Set(clausesAt(policies, now).map((one) => one.id));
    },
    get severities() {
      return knownSeverities(policies, now) ?? noSeverities;
    },
    ...known,
  };
}
