import type { Transactor } from '../../event-store/transact.js';
import { ContentFlagged } from '../../images/index.js';
import { causedBy } from '../../kernel/command-context.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { caseStream } from '../case.js';
import { isUnseen, notedFlaggerStream, noteFlagger } from '../noted-flagger.js';
import { notedFlaggerId } from '../queries/case-reading.js';
import { CASE_OPENING, nextReviewActions } from '../review-actions.js';
import { openCase } from '../review-decisions.js';

/**
 * Opens cases for flags.
 * @param panelSize number of reviewers whose verdicts decide a case
 * @param ownerOf returns the account that generated an image, if it is known
 */
export function caseOpening(
  transactor: Transactor,
  panelSize: number,
  ownerOf: (imageId: string) => Promise<string | undefined>,
): Consumer {
  return defineConsumer({
    name: CASE_OPENING,
    events: [ContentFlagged],
    key: (event) => event.data.imageId,
    async react(event) {
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
  });
}
