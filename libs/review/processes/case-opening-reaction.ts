import type { Transactor } from '../../event-store/transact.js';
import { causedBy } from '../../event-store/transact.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import type { Reaction } from '../../projections/reactor.js';
import { caseStream } from '../case.js';
import { openCase } from '../review-decisions.js';
import { nextReviewActions, reviewTypes } from './case-opening.js';

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
      for (const { caseId, flag } of nextReviewActions(event)) {
        const accountId = flag.accountId ?? (await ownerOf(caseId));
        const opening = { ...flag, panelSize, ...(accountId === undefined ? {} : { accountId }) };
        await transactor.transact(caseStream, caseId, causedBy(event, CASE_OPENING), (state) =>
          openCase(state, opening),
        );
      }
    },
  };
}
