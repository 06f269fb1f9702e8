import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import type { ContentFlagged } from '../../images/index.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { type CommandContext, causedBy } from '../../kernel/command-context.js';
import { type Case, caseStream } from '../case.js';
import { isCleared, type OpenCase, type OpeningSettings, openCase } from '../flag-decisions.js';
import { isUnseen, notedFlaggerId, notedFlaggerStream, noteFlagger } from '../noted-flagger.js';
import type { FlaggerRecords } from '../queries/flagger-records.js';
import { CASE_OPENING, nextReviewActions } from '../review-actions.js';
import type { RoutingFacts } from '../routing.js';
import { alsoRouted, caseAfter, routedByNewest } from './case-routing.js';
import type { FlagIsolation } from './flag-isolation.js';
import type { RoutingFactsReader } from './routing-facts.js';

type Flag = RecordedOf<typeof ContentFlagged>;

export type FlagProcessing = (event: Flag) => Promise<void>;

/** Puts a flag into the case of its image, and the case into its queue. */
export type FlagFiling = (event: Flag, cause: CommandContext) => Promise<void>;

export interface FlagProcessingPorts {
  transactor: Transactor;
  clock: Clock;
  routing: RoutingFactsReader;
  /** The number of reviewers whose verdicts decide a case, and when a repeated flag reopens one. */
  settings: OpeningSettings;
  records: Pick<FlaggerRecords, 'isPoor'>;
  isolation: Pick<FlagIsolation, 'keepsApart'>;
  /** Returns the account that generated an image, if it is known. */
  ownerOf(imageId: string): Promise<string | undefined>;
}

/**
 * Files a flag, unless its flagger flags too much. Idempotent: the consumer of flags does it for each, and a decision does it
 * for those that the consumer has not reached.
 */
export function flagProcessing(ports: FlagProcessingPorts): FlagProcessing {
  const file = flagFiling(ports);
  return async (event) => {
    const cause = causedBy(event, CASE_OPENING);
    if (await ports.isolation.keepsApart(event, cause)) await noteApart(ports, event, cause);
    else await file(event, cause);
  };
}

/** Idempotent, for a flag of whomever. */
export function flagFiling(ports: Omit<FlagProcessingPorts, 'isolation'>): FlagFiling {
  const { transactor, clock, settings, ownerOf } = ports;
  return async (event, cause) => {
    const context = { ...cause, time: toIso(clock.now()) };
    for (const { caseId, flag } of nextReviewActions(event)) {
      const accountId = (await ownerOf(caseId)) ?? flag.accountId;
      const opening = { ...flag, ...settings, ...(accountId === undefined ? {} : { accountId }) };
      const state = await openAndRoute(ports, opening, context);
      if (isUnseen(state, flag)) await note(transactor, caseId, state.round, flag, context);
    }
  };
}

/** Who flags too much may not review the image either; a detector reviews nothing. */
async function noteApart({ transactor }: FlagProcessingPorts, event: Flag, context: CommandContext): Promise<void> {
  if (event.data.flaggerKind === 'detector') return;
  for (const { caseId, flag } of nextReviewActions(event)) {
    const { state } = await transactor.load(caseStream, caseId);
    if (isUnseen(state, flag)) await note(transactor, caseId, Math.max(1, state.round), flag, context);
  }
}

async function note(
  transactor: Transactor,
  caseId: string,
  round: number,
  { flagId, flaggedBy, flaggerKind }: Pick<OpenCase, 'flagId' | 'flaggedBy' | 'flaggerKind'>,
  context: CommandContext,
): Promise<void> {
  await transactor.transact(notedFlaggerStream, notedFlaggerId(caseId, flaggedBy), context, (noted) =>
    noteFlagger(noted, { caseId, round, flagId, flaggedBy, ...(flaggerKind && { flaggerKind }) }),
  );
}

async function openAndRoute(
  { transactor, routing, records }: Omit<FlagProcessingPorts, 'isolation'>,
  given: OpenCase,
  context: CommandContext & { time: string },
): Promise<Case> {
  const { imageId: caseId } = given;
  let opening = given;
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
      async (load) => {
        const state = await load();
        if (isCleared(state)) opening = { ...given, hasPoorRecord: await records.isPoor(given.flaggedBy) };
        const events = openCase(state, opening);
        // Most flags of an image change nothing, and need no facts.
        facts = events.length === 0 ? undefined : await routing.read(caseAfter(state, events, context.time));
      },
    );
    if (!isUnprepared) return (await routedByNewest(transactor, routing, opened, caseId, context)).state;
  }
}
