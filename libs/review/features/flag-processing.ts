import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import type { ContentFlagged } from '../../images/index.js';
import { causedBy } from '../../kernel/command-context.js';
import { caseStream } from '../case.js';
import { type OpeningSettings, openCase } from '../flag-decisions.js';
import { isUnseen, notedFlaggerId, notedFlaggerStream, noteFlagger } from '../noted-flagger.js';
import { CASE_OPENING, nextReviewActions } from '../review-actions.js';

export type FlagProcessing = (event: RecordedOf<typeof ContentFlagged>) => Promise<void>;

/**
 * Puts a flag into the case of its image. Idempotent: the consumer of flags does it for each, and a decision does it for
 * those that the consumer has not reached.
 * @param settings the number of reviewers whose verdicts decide a case, and when a repeated flag reopens one
 * @param ownerOf returns the account that generated an image, if it is known
 */
export function flagProcessing(
  transactor: Transactor,
  settings: OpeningSettings,
  ownerOf: (imageId: string) => Promise<string | undefined>,
): FlagProcessing {
  return async (event) => {
    const context = causedBy(event, CASE_OPENING);
    for (const { caseId, flag } of nextReviewActions(event)) {
      const accountId = (await ownerOf(caseId)) ?? flag.accountId;
      const opening = { ...flag, ...settings, ...(accountId === undefined ? {} : { accountId }) };
      const { state } = await transactor.transact(caseStream, caseId, context, (now) => openCase(now, opening));
      if (!isUnseen(state, flag)) continue;
      const { flagId, flaggedBy } = flag;
      await transactor.transact(notedFlaggerStream, notedFlaggerId(caseId, flaggedBy), context, (noted) =>
        noteFlagger(noted, { caseId, round: state.round, flagId, flaggedBy }),
      );
    }
  };
}
