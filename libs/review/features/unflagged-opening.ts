import type { ContextPorts } from '../../context/context.js';
import type { Load, Transacted } from '../../event-store/transact.js';
import { toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { type Case, caseStream } from '../case.js';
import { CASE_OPENING } from '../review-actions.js';
import { type OpenUnflagged, openUnflagged } from '../unflagged-cases.js';
import { alsoRouted, caseAfter, routedByNewest } from './case-routing.js';
import { RoutingFactsReader } from './routing-facts.js';

/** Opens a case without a flag, and puts it into its queue. Idempotent. */
export type UnflaggedOpening = (
  opening: Omit<OpenUnflagged, 'panelSize'>,
  cause: CommandContext,
) => Promise<Pick<Transacted<Case>, 'state' | 'position'>>;

export function unflaggedOpening({
  transactor,
  clock,
  pool,
  settings,
}: Pick<ContextPorts, 'transactor' | 'clock' | 'pool' | 'settings'>): UnflaggedOpening {
  const routing = new RoutingFactsReader(transactor, clock, pool, settings);
  return async (opening, cause) => {
    const { imageId: caseId } = opening;
    const given = { ...opening, panelSize: settings.reviewPanel };
    // Its history names the process that opens cases for flags.
    const actor = { kind: 'process' as const, id: CASE_OPENING };
    const context = { ...cause, actor, time: toIso(clock.now()) };
    const opened = await transactor.transact(
      caseStream,
      caseId,
      context,
      (state, facts) => alsoRouted(state, caseId, openUnflagged(state, given), facts, context.time),
      async (load: Load<Case>) => {
        const state = await load();
        return routing.read(caseAfter(state, openUnflagged(state, given), context.time));
      },
    );
    return routedByNewest(transactor, routing, opened, caseId, context);
  };
}
