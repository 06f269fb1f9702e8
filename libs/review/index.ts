import type { Context } from '../context/context.js';
import { ownerOf } from '../images/index.js';
import { caseStream } from './case.js';
import { reviewEvents } from './events.js';
import { CaseFactsReader } from './features/case-facts.js';
import { ClaimCaseController, ClaimCaseHandler } from './features/claim-case.js';
import { ConfirmReviewHandler, confirmReviewInbound } from './features/confirm-review.js';
import { flagProcessing } from './features/flag-processing.js';
import { GiveVerdictController, GiveVerdictHandler, giveVerdictInbound } from './features/give-verdict.js';
import { ReleaseCaseController, ReleaseCaseHandler } from './features/release-case.js';
import { RevealContentController, RevealContentHandler } from './features/reveal-content.js';
import { notedFlaggerStream } from './noted-flagger.js';
import { caseOpening } from './processes/case-opening.js';
import { CaseQueue } from './queries/case-queue.js';
import { CurrentCases } from './queries/current-cases.js';
import { FlagCommentsReader } from './queries/flag-comments.js';
import { FlagsAhead } from './queries/flags-ahead.js';
import { ListCasesController, ListCasesHandler } from './queries/list-cases.js';
import { ShowCaseController, ShowCaseHandler } from './queries/show-case.js';
import { openingSettings } from './review-decisions.js';
import { casesView } from './views/cases.js';

export { type Conflict, conflictOf } from './conflict-of-interest.js';
export * from './events.js';
export { confirmationOf } from './queries/confirmation.js';
export { CurrentCases } from './queries/current-cases.js';
export * from './review-actions.js';
export * from './review-decisions.js';
export * from './views/cases.js';

export const reviewContext: Context = {
  name: 'review',
  events: reviewEvents,
  streams: [caseStream, notedFlaggerStream],
  views: [casesView],
  consumers: ({ transactor, settings, pool }) => [
    caseOpening(flagProcessing(transactor, openingSettings(settings), ownerOf(pool))),
  ],
  commands: [
    ListCasesHandler,
    ShowCaseHandler,
    ClaimCaseHandler,
    ReleaseCaseHandler,
    GiveVerdictHandler,
    ConfirmReviewHandler,
    RevealContentHandler,
  ],
  inbound: (commands) => [giveVerdictInbound(commands), confirmReviewInbound(commands)],
  routes: [
    {
      name: 'Review',
      description:
        'Flagged images under human review. Flags, categories, claim and verdicts are those of the current round. A flag reopens a dismissed case in a new round if it names a new category, if its flagger has not named that category before, or if it is more confident than all earlier flags by GATEHOUSE_REOPEN_CONFIDENCE_PERCENT. A confirmed case stays confirmed.',
      controllers: [
        ListCasesController,
        ShowCaseController,
        ClaimCaseController,
        ReleaseCaseController,
        GiveVerdictController,
        RevealContentController,
      ],
    },
  ],
  services: [CaseFactsReader, CaseQueue, CurrentCases, FlagCommentsReader, FlagsAhead],
};
