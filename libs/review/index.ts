import type { Context } from '../context/context.js';
import { ownerOf } from '../images/index.js';
import { caseStream } from './case.js';
import { reviewEvents } from './events.js';
import { CaseDecisions } from './features/case-decisions.js';
import { ClaimCaseController, ClaimCaseHandler } from './features/claim-case.js';
import { ConfirmReviewHandler, confirmReviewInbound } from './features/confirm-review.js';
import { GiveVerdictController, GiveVerdictHandler, giveVerdictInbound } from './features/give-verdict.js';
import { ListCasesController, ListCasesHandler } from './features/list-cases.js';
import { ReleaseCaseController, ReleaseCaseHandler } from './features/release-case.js';
import { ShowCaseController, ShowCaseHandler } from './features/show-case.js';
import { notedFlaggerStream } from './noted-flagger.js';
import { caseOpening } from './processes/case-opening.js';
import { CaseQueue } from './queries/case-queue.js';
import { OpenedCases } from './queries/opened-cases.js';
import { casesView } from './views/cases.js';

export { type Conflict, conflictOf } from './conflict-of-interest.js';
export * from './events.js';
export { readCase, readNotedFlagger } from './queries/case-reading.js';
export * from './review-actions.js';
export * from './review-decisions.js';
export * from './views/cases.js';

export const reviewContext: Context = {
  name: 'review',
  events: reviewEvents,
  streams: [caseStream, notedFlaggerStream],
  views: [casesView],
  consumers: ({ transactor, settings, pool }) => [caseOpening(transactor, settings.reviewPanel, ownerOf(pool))],
  commands: [
    ListCasesHandler,
    ShowCaseHandler,
    ClaimCaseHandler,
    ReleaseCaseHandler,
    GiveVerdictHandler,
    ConfirmReviewHandler,
  ],
  inbound: (commands) => [giveVerdictInbound(commands), confirmReviewInbound(commands)],
  routes: [
    {
      name: 'Review',
      description:
        'Flagged images before human reviewers. Flags, categories, claim and verdicts are those of the round in force.',
      controllers: [
        ListCasesController,
        ShowCaseController,
        ClaimCaseController,
        ReleaseCaseController,
        GiveVerdictController,
      ],
    },
  ],
  services: [CaseDecisions, CaseQueue, OpenedCases],
};
