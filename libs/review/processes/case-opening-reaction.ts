import type { Transactor } from '../../event-store/transact.js';
import { causedBy } from '../../kernel/command-context.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import type { Reaction } from '../../subscriptions/reactor.js';
import { caseStream } from '../case.js';
import { isUnseen, notedFlaggerStream, noteFlagger } from '../noted-flagger.js';
import { openCase } from '../review-decisions.js';
import { nextReviewActions, reviewTypes } from './case-opening.js';
import { notedFlaggerId } from './case-reading.js';

export const CASE_OPENING = 'case-opening';

/**
 * Flags open cases.
 * @param panelSize reviewers whose verdicts decide a case
 * @param ownerOf the account an image was made for, where it is known
 */
export function caseOpeningReaction(
  transactor: Transactor,
  panelSize: number,
  ownerOf: (imageId: string) => Promise<string | undefined>,
): Reaction {
  return {
    name: CASE_OPENING,
    types: reviewTypes,
    key: (event) => event.data.imageId,
    async react(event: RecordedEvent) {
      const context = causedBy(event, CASE_OPENING);
      for (const { caseId, flag } of nextReviewActions(event)) {
        const accountId = (await ownerOf(caseId)) ?? flag.accountId;
        const opening = { ...flag, panelSize, ...(accountId === undefined ? {} : { accountId }) };
        const { state } = await transactor.transact(caseStream, caseId, context, (now) => openCase(now, opening));
        if (!isUnseen(state, flag)) continue;
        const { flagId, flaggedBy } = flag;
        await transactor.transact(notedFlaggerStream, notedFlaggerId(caseId, flaggedBy), context, (noted) =>
          noteFlagger(noted, { caseId, round: state.round, flagId, flaggedBy }),
        );
      }
    },
  };
}
