import type { Load, Transacted, Transactor } from '../../event-store/transact.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { fold } from '../../kernel/decider.js';
import { type Case, caseStream } from '../case.js';
import type { CaseEvent } from '../events.js';
import { type RoutingFacts, routeCase } from '../routing.js';
import type { RoutingFactsReader } from './routing-facts.js';

/** Puts an open case into its queue by the rules as they are now. */
export const route = (transactor: Transactor, routing: RoutingFactsReader, caseId: string, context: CommandContext) =>
  transactor.transact(
    caseStream,
    caseId,
    context,
    (state, facts) => routeCase(state, caseId, facts),
    async (load: Load<Case>) => routing.read(await load()),
  );

/** The state with the events, as it will be once they are stored at that time. @param time RFC 3339 */
export const caseAfter = (state: Case, events: readonly CaseEvent[], time: string): Case =>
  fold(
    caseStream,
    events.map((event) => ({ ...event, metadata: { time } })),
    state,
  );

/** The events of a decision that puts a case among those that wait, with its routing in the same append. */
export function alsoRouted(
  state: Case,
  caseId: string,
  events: readonly CaseEvent[],
  facts: RoutingFacts,
  time: string,
): readonly CaseEvent[] {
  return events.length === 0 ? events : [...events, ...routeCase(caseAfter(state, events, time), caseId, facts)];
}

/**
 * Routes an open case again if newer rules than those that routed it have been set: the process that follows the rules may
 * have listed the open cases before this one was stored. It asks on every repeat, so that an interruption loses nothing.
 */
export async function routedByNewest(
  transactor: Transactor,
  routing: RoutingFactsReader,
  { state, position }: Pick<Transacted<Case>, 'state' | 'position'>,
  caseId: string,
  context: CommandContext,
): Promise<Pick<Transacted<Case>, 'state' | 'position'>> {
  if (state.status !== 'open' || !(await routing.areOutdated(state.route))) return { state, position };
  return route(transactor, routing, caseId, context);
}
