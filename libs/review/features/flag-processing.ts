import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import type { ContentFlagged } from '../../images/index.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { type CommandContext, causedBy } from '../../kernel/command-context.js';
import { type Case, caseStream } from '../case.js';
import { type OpenCase, type OpeningSettings, openCase } from '../flag-decisions.js';
import { isUnseen, notedFlaggerId, notedFlaggerStream, noteFlagger } from '../noted-flagger.js';
import { CASE_OPENING, nextReviewActions } from '../review-actions.js';
import type { RoutingFacts } from '../routing.js';
import { alsoRouted, caseAfter, routedByNewest } from './case-routing.js';
import type { RoutingFactsReader } from './routing-facts.js';

export type FlagProcessing = (event: RecordedOf<typeof ContentFlagged>) => Promise<void>;

export interface FlagProcessingPorts {
  transactor: Transactor;
  clock: Clock;
  routing: RoutingFactsReader;
  /** The number of reviewers whose verdicts decide a case, and when a repeated flag reopens one. */
  settings: OpeningSettings;
  /** Returns the account that generated an image, if it is known. */
  ownerOf(imageId: string): Promise<string | undefined>;
}

/**
 * Puts a flag into the case of its image, and the case into its queue. Idempotent: the consumer of flags does it for each,
 * and a decision does it for those that the consumer has not reached.
 */
export function flagProcessing(ports: FlagProcessingPorts): FlagProcessing {
  const { transactor, clock, settings, ownerOf } = ports;
  return async (event) => {
    const context = { ...causedBy(event, CASE_OPENING), time: toIso(clock.now()) };
    for (const { caseId, flag } of nextReviewActions(event)) {
      const accountId = (await ownerOf(caseId)) ?? flag.accountId;
      const opening = { ...flag, ...settings, ...(accountId === undefined ? {} : { accountId }) };
      const state = await openAndRoute(ports, opening, context);
      if (!isUnseen(state, flag)) continue;
      const { flagId, flaggedBy } = flag;
      await transactor.transact(notedFlaggerStream, notedFlaggerId(caseId, flaggedBy), context, (noted) =>
        noteFlagger(noted, { caseId, round: state.round, flagId, flaggedBy }),
      );
    }
  };
}

async function openAndRoute(
  { transactor, routing }: FlagProcessingPorts,
  opening: OpenCase,
  context: CommandContext & { time: string },
): Promise<Case> {
  const { imageId: caseId } = opening;
  for (;;) {
    let facts: RoutingFacts | undefined;
    let isUnprepared = false;
    const opened = await transactor.transact(
      caseStream,
      caseId,
      context,
      (state) => {
        const events = openCase(state, opening);
        // The case was decided since the facts were read, when the flag changed nothing.
        isUnprepared = events.length > 0 && !facts;
        return facts ? alsoRouted(state, caseId, events, facts, context.time) : [];
      },
      async () => {
        const { state } = await transactor.load(caseStream, caseId);
        const events = openCase(state, opening);
        // Most flags of an image change nothing, and need no facts.
        facts = events.length === 0 ? undefined : await routing.read(caseAfter(state, events, context.time));
      },
    );
    if (!isUnprepared) return (await routedByNewest(transactor, routing, opened, caseId, context)).state;
  }
}
