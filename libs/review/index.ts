import type { Context } from '../context/context.js';
import { ImageOwners, ownerOf } from '../images/index.js';
import { caseStream } from './case.js';
import { reviewEvents } from './events.js';
import { CaseFactsReader } from './features/case-facts.js';
import { ClaimCaseController, ClaimCaseHandler } from './features/claim-case.js';
import { ConfirmReviewHandler, confirmReviewInbound } from './features/confirm-review.js';
import { EscalateCaseController, EscalateCaseHandler } from './features/escalate-case.js';
import { flagProcessing } from './features/flag-processing.js';
import { GiveVerdictController, giveVerdictInbound, JudgeCaseHandler } from './features/give-verdict.js';
import { HandOverCaseController, HandOverCaseHandler } from './features/hand-over-case.js';
import { HoldCaseController, HoldCaseHandler } from './features/hold-case.js';
import { ReleaseCaseController, ReleaseCaseHandler } from './features/release-case.js';
import { RenewClaimController, RenewClaimHandler } from './features/renew-claim.js';
import { ReopenCaseController, ReopenCaseHandler } from './features/reopen-case.js';
import { RevealContentHandler } from './features/reveal-content.js';
import { RevealContentController } from './features/reveal-content-route.js';
import {
  GrantSevereViewingHandler,
  RevokeSevereViewingHandler,
  SevereViewersController,
} from './features/severe-viewers.js';
import { TakeBreakController, TakeBreakHandler } from './features/take-break.js';
import { WithdrawVerdictController, WithdrawVerdictHandler } from './features/withdraw-verdict.js';
import { openingSettings } from './flag-decisions.js';
import { notedFlaggerStream } from './noted-flagger.js';
import { caseOpening } from './processes/case-opening.js';
import { VerdictClosing } from './processes/verdict-closing.js';
import { AccountCasesReader } from './queries/account-cases.js';
import { CaseQueue } from './queries/case-queue.js';
import { CurrentCases } from './queries/current-cases.js';
import { ExposureReader } from './queries/exposure-reader.js';
import { ShowExposureSumsController, ShowExposureSumsHandler } from './queries/exposure-sums.js';
import { FlagCommentsReader } from './queries/flag-comments.js';
import { FlagsAhead } from './queries/flags-ahead.js';
import { ListCasesController, ListCasesHandler } from './queries/list-cases.js';
import { ListSevereViewersController, ListSevereViewersHandler } from './queries/list-severe-viewers.js';
import { ShowOwnExposureController, ShowOwnExposureHandler } from './queries/own-exposure.js';
import { PreviewImageController, PreviewImageHandler } from './queries/preview-image.js';
import { ReviewCaseController, ReviewCaseHandler } from './queries/review-case.js';
import { SevereViewing } from './queries/severe-viewing.js';
import { ShowCaseController, ShowCaseHandler } from './queries/show-case.js';
import { severeViewersStream } from './severe-viewers.js';
import { casesView } from './views/cases.js';
import { exposureView } from './views/exposure.js';

export * from './account-record.js';
export { type Conflict, conflictOf } from './conflict-of-interest.js';
export * from './events.js';
export { MAX_FLAGS } from './flag-decisions.js';
export { confirmationOf } from './queries/confirmation.js';
export { CurrentCases } from './queries/current-cases.js';
export * from './review-actions.js';
export type { Votes } from './verdict-decisions.js';
export * from './views/cases.js';

export const reviewContext: Context = {
  name: 'review',
  events: reviewEvents,
  streams: [caseStream, notedFlaggerStream, severeViewersStream],
  views: [casesView, exposureView],
  consumers: ({ transactor, settings, pool }) => [
    caseOpening(flagProcessing(transactor, openingSettings(settings), ownerOf(pool))),
  ],
  schedules: ({ pool, log, transactor, clock, logger, settings }) => {
    const flags = new FlagsAhead(pool, log, settings);
    const facts = new CaseFactsReader(transactor, flags, new ImageOwners(pool, log, settings), clock, pool, settings);
    return [new VerdictClosing(pool, transactor, facts, clock, logger)];
  },
  commands: [
    ListCasesHandler,
    ShowCaseHandler,
    ClaimCaseHandler,
    ReleaseCaseHandler,
    JudgeCaseHandler,
    RenewClaimHandler,
    HoldCaseHandler,
    HandOverCaseHandler,
    EscalateCaseHandler,
    ReopenCaseHandler,
    WithdrawVerdictHandler,
    ConfirmReviewHandler,
    RevealContentHandler,
    ReviewCaseHandler,
    PreviewImageHandler,
    TakeBreakHandler,
    ShowOwnExposureHandler,
    ShowExposureSumsHandler,
    GrantSevereViewingHandler,
    RevokeSevereViewingHandler,
    ListSevereViewersHandler,
  ],
  inbound: (commands) => [giveVerdictInbound(commands), confirmReviewInbound(commands)],
  routes: [
    {
      name: 'Review',
      description:
        'Flagged images under human review. Flags, categories, claim and verdicts are those of the current round. A flag reopens a case that was dismissed or found to be a problem of the model in a new round if it names a new category, if its flagger has not named that category before, or if it is more confident than all earlier flags by GATEHOUSE_REOPEN_CONFIDENCE_PERCENT. A confirmed case stays confirmed.',
      controllers: [
        ListCasesController,
        ShowCaseController,
        ReviewCaseController,
        PreviewImageController,
        ClaimCaseController,
        RenewClaimController,
        ReleaseCaseController,
        HoldCaseController,
        HandOverCaseController,
        EscalateCaseController,
        GiveVerdictController,
        WithdrawVerdictController,
        ReopenCaseController,
        RevealContentController,
        TakeBreakController,
        ShowOwnExposureController,
        ShowExposureSumsController,
        ListSevereViewersController,
        SevereViewersController,
      ],
    },
  ],
  services: [
    AccountCasesReader,
    CaseFactsReader,
    CaseQueue,
    CurrentCases,
    ExposureReader,
    FlagCommentsReader,
    FlagsAhead,
    SevereViewing,
  ],
};
