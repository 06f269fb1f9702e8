import { CONFIRMATIONS } from '../account/index.js';
import type { Context, ContextPorts, Schedule } from '../context/context.js';
import { ImageOwners, UNREPORTED_IMAGES } from '../images/index.js';
import type { Consumer } from '../subscriptions/consumer.js';
import type { AppealHearings } from './appeal-hearings.js';
import { bulkJobStream } from './bulk-job.js';
import { caseStream } from './case.js';
import type { Consequences } from './consequences.js';
import { declinedStream } from './declined-categories.js';
import { reviewEvents } from './events.js';
import { BulkJobsController, CancelBulkJobHandler, StartBulkJobHandler } from './features/bulk-jobs.js';
import { CaseFactsReader } from './features/case-facts.js';
import { caseFactsOf, imagesInUse } from './features/case-facts-of.js';
import { ClaimCaseController, ClaimCaseHandler } from './features/claim-case.js';
import { ConfirmReviewHandler, confirmReviewInbound } from './features/confirm-review.js';
import { DeclineCategoriesController, DeclineCategoriesHandler } from './features/decline-categories.js';
import { EscalateCaseController, EscalateCaseHandler } from './features/escalate-case.js';
import { FlagIsolation } from './features/flag-isolation.js';
import { flagFiling, flagProcessing } from './features/flag-processing.js';
import { GiveVerdictController, giveVerdictInbound, JudgeCaseHandler } from './features/give-verdict.js';
import { AddGoldenCaseHandler, GoldenCasesController, RetireGoldenCaseHandler } from './features/golden-cases.js';
import { HandOverCaseController, HandOverCaseHandler } from './features/hand-over-case.js';
import { HoldCaseController, HoldCaseHandler } from './features/hold-case.js';
import { LinkAccountController, LinkAccountHandler, UnlinkAccountHandler } from './features/link-account.js';
import { NextCaseController, NextCaseHandler } from './features/next-case.js';
import { ReleaseCaseController, ReleaseCaseHandler } from './features/release-case.js';
import { RenewClaimController, RenewClaimHandler } from './features/renew-claim.js';
import { ReopenCaseController, ReopenCaseHandler } from './features/reopen-case.js';
import {
  IsolatedFlagsController,
  ReleaseFlaggerHandler,
  ReplayIsolatedFlagsHandler,
} from './features/replay-and-release-flags.js';
import { RevealContentHandler } from './features/reveal-content.js';
import { RevealContentController } from './features/reveal-content-route.js';
import { RoutingFactsReader } from './features/routing-facts.js';
import { SetQueuesController, SetQueuesHandler } from './features/set-queues.js';
import { SetSamplingController, SetSamplingHandler } from './features/set-sampling.js';
import { SetSkillsController, SetSkillsHandler } from './features/set-skills.js';
import {
  GrantSevereViewingHandler,
  RevokeSevereViewingHandler,
  SevereViewersController,
} from './features/severe-viewers.js';
import { TakeBreakController, TakeBreakHandler } from './features/take-break.js';
import { WithdrawVerdictController, WithdrawVerdictHandler } from './features/withdraw-verdict.js';
import { openingSettings } from './flag-decisions.js';
import { goldenStream } from './golden-case.js';
import { isolationStream } from './isolation.js';
import { notedFlaggerStream } from './noted-flagger.js';
import { bulkWork } from './processes/bulk-work.js';
import { caseOpening } from './processes/case-opening.js';
import { caseRerouting } from './processes/case-rerouting.js';
import { flagReplay } from './processes/flag-replay.js';
import { goldenDrawing } from './processes/golden-drawing.js';
import { GoldenOpening } from './processes/golden-opening.js';
import { VerdictClosing } from './processes/verdict-closing.js';
import { AccountCasesReader } from './queries/account-cases.js';
import { BulkCases } from './queries/bulk-cases.js';
import { CaseNotesReader } from './queries/case-notes.js';
import { StoredConfirmations } from './queries/confirmation.js';
import { CurrentCases } from './queries/current-cases.js';
import { ExposureReader } from './queries/exposure-reader.js';
import { ShowExposureSumsController, ShowExposureSumsHandler } from './queries/exposure-sums.js';
import { FlagCommentsReader } from './queries/flag-comments.js';
import { FlagRates } from './queries/flag-rates.js';
import { FlaggerRecords } from './queries/flagger-records.js';
import { FlagsAhead } from './queries/flags-ahead.js';
import { FurtherReviews } from './queries/further-reviews.js';
import { GoldenImages } from './queries/golden-images.js';
import { HeldClaims } from './queries/held-claims.js';
import { ImagesInUse } from './queries/images-in-use.js';
import { IsolatedFlags } from './queries/isolated-flags.js';
import { IsolationGauge } from './queries/isolation-gauge.js';
import { ListBulkJobsController, ListBulkJobsHandler, ShowBulkJobHandler } from './queries/list-bulk-jobs.js';
import { CASE_LISTS, ListCasesController, ListCasesHandler } from './queries/list-cases.js';
import {
  ListGoldenCasesController,
  ListGoldenCasesHandler,
  ShowGoldenCaseHandler,
} from './queries/list-golden-cases.js';
import {
  ListIsolatedFlaggersHandler,
  ListIsolatedFlagsController,
  ListIsolatedFlagsHandler,
} from './queries/list-isolated-flags.js';
import { ListQueuesController, ListQueuesHandler } from './queries/list-queues.js';
import { ListSevereViewersController, ListSevereViewersHandler } from './queries/list-severe-viewers.js';
import { ListSkippedCasesController, ListSkippedCasesHandler } from './queries/list-skipped-cases.js';
import { MatchingCases } from './queries/matching-cases.js';
import { NextLimitsReader } from './queries/next-limits.js';
import { NobodysAccounts } from './queries/nobodys-account.js';
import { ShowOwnExposureController, ShowOwnExposureHandler } from './queries/own-exposure.js';
import { PreviewImageController, PreviewImageHandler } from './queries/preview-image.js';
import { ReviewCaseController, ReviewCaseHandler } from './queries/review-case.js';
import { reviewAgain } from './queries/reviews-again.js';
import { SevereViewing } from './queries/severe-viewing.js';
import { ShowCaseController, ShowCaseHandler } from './queries/show-case.js';
import { ShowDeclinedController, ShowDeclinedHandler } from './queries/show-declined.js';
import { ShowReviewerController, ShowReviewerHandler } from './queries/show-reviewer.js';
import { ShowSamplingController, ShowSamplingHandler } from './queries/show-sampling.js';
import { ShownFlags } from './queries/shown-flags.js';
import { WaitingCases } from './queries/waiting-cases.js';
import { reviewSettingsStream } from './queue-rules.js';
import { reviewerStream } from './reviewer.js';
import { reviewMigrations } from './schema.js';
import { severeViewersStream } from './severe-viewers.js';
import { bulkCasesView } from './views/bulk-cases.js';
import { bulkJobsView } from './views/bulk-jobs.js';
import { casesView } from './views/cases.js';
import { exposureView } from './views/exposure.js';
import { flagsView } from './views/flags.js';
import { goldenCasesView } from './views/golden-cases.js';
import { isolationsView } from './views/isolations.js';

export * from './appeal-hearings.js';
export { type Case, caseStream } from './case.js';
export { type Conflict, conflictOf } from './conflict-of-interest.js';
export * from './consequences.js';
export { decidersOf } from './deciders.js';
export * from './events.js';
export { CaseFactsReader } from './features/case-facts.js';
export { type UnflaggedOpening, unflaggedOpening } from './features/unflagged-opening.js';
export { MAX_FLAGS } from './flag-decisions.js';
export { notedFlaggerId, notedFlaggerStream } from './noted-flagger.js';
export * from './overturning.js';
export * from './overturning-events.js';
export { confirmationOf } from './queries/confirmation.js';
export { CurrentCases } from './queries/current-cases.js';
export { type GoldenResult, goldenResults, goldenTotal } from './queries/golden-results.js';
export { type SampleLikenessOf, sampleLikeness } from './queries/ordinary-cases.js';
export { SevereViewing } from './queries/severe-viewing.js';
export { reviewSettingsStream } from './queue-rules.js';
export { namesSevereClause } from './reveal.js';
export * from './review-actions.js';
export { reviewerStream } from './reviewer.js';
export { QueueRulesSet } from './routing-events.js';
export { severeViewersStream } from './severe-viewers.js';
export type { OpenUnflagged } from './unflagged-cases.js';
export { closeVerdicts, type Votes } from './verdict-decisions.js';
export * from './views/cases.js';
export { flagsView } from './views/flags.js';
export { goldenCasesView } from './views/golden-cases.js';

/**
 * A schedule of the context that knows the consequences: a case whose confirmation would deactivate its account only by now
 * needs a second review before it is decided.
 */
export const verdictClosing = (given: ContextPorts, consequences: Consequences): Schedule =>
  new VerdictClosing(given.pool, given.transactor, caseFactsOf(given, consequences), given.clock, given.logger);

/** A consumer of the context that knows of appeals: undoing a job leaves out what somebody appealed against. */
export const bulkWorkOf = (given: ContextPorts, appeals: Pick<AppealHearings, 'statusOf'>): Consumer => {
  const { transactor, clock, settings, pool, viewReader: reader, ownEventIds } = given;
  const cases = { cases: new MatchingCases(pool), changed: new BulkCases(pool), appeals };
  return bulkWork({
    transactor,
    ownEventIds,
    clock,
    reader,
    ...cases,
    facts: caseFactsOf(given),
    waitMs: settings.decisionWaitMs,
  });
};

export const reviewContext: Context = {
  name: 'review',
  events: reviewEvents,
  streams: [
    caseStream,
    notedFlaggerStream,
    isolationStream,
    bulkJobStream,
    goldenStream,
    severeViewersStream,
    declinedStream,
    reviewSettingsStream,
    reviewerStream,
  ],
  decisionsAgain: reviewAgain,
  views: [casesView, flagsView, isolationsView, bulkJobsView, bulkCasesView, goldenCasesView, exposureView],
  consumers: (given) => {
    const { transactor, clock, settings, pool, viewReader, log, store } = given;
    const routing = new RoutingFactsReader(transactor, clock, pool, settings);
    const records = new FlaggerRecords(pool, settings);
    const images = new ImageOwners(pool, log, settings);
    const ownerOf = (imageId: string) => images.findAtOnce(imageId);
    const ports = { transactor, clock, routing, records, settings: openingSettings(settings), ownerOf };
    const rates = new FlagRates(pool, log, viewReader, transactor, settings);
    const flags = new IsolatedFlags(pool);
    const replaying = { store, flags, reader: viewReader, file: flagFiling(ports), waitMs: settings.decisionWaitMs };
    return [
      caseOpening(flagProcessing({ ...ports, isolation: new FlagIsolation(transactor, rates, settings) })),
      flagReplay(replaying),
      caseRerouting(transactor, routing, pool, viewReader, settings.decisionWaitMs),
      goldenDrawing(given, imagesInUse(given)),
    ];
  },
  schedules: (given) => [new GoldenOpening(given, imagesInUse(given))],
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
    DeclineCategoriesHandler,
    ShowDeclinedHandler,
    ShowOwnExposureHandler,
    ShowExposureSumsHandler,
    GrantSevereViewingHandler,
    RevokeSevereViewingHandler,
    ListSevereViewersHandler,
    SetQueuesHandler,
    ListQueuesHandler,
    NextCaseHandler,
    SetSkillsHandler,
    LinkAccountHandler,
    UnlinkAccountHandler,
    ShowReviewerHandler,
    ListIsolatedFlaggersHandler,
    ListIsolatedFlagsHandler,
    ReplayIsolatedFlagsHandler,
    ReleaseFlaggerHandler,
    ShowSamplingHandler,
    SetSamplingHandler,
    ListBulkJobsHandler,
    ListSkippedCasesHandler,
    ShowBulkJobHandler,
    StartBulkJobHandler,
    CancelBulkJobHandler,
    ListGoldenCasesHandler,
    ShowGoldenCaseHandler,
    AddGoldenCaseHandler,
    RetireGoldenCaseHandler,
  ],
  inbound: (commands) => [giveVerdictInbound(commands), confirmReviewInbound(commands)],
  routes: [
    {
      name: 'Review',
      description:
        'Flagged images under human review. Flags, categories, claim and verdicts are those of the current round. A flag reopens a case that was dismissed or found to be a problem of the model in a new round if it names a new category, if its flagger has not named that category before and has no poor record (GATEHOUSE_POOR_FLAGGER_PERCENT), or if it is more confident than all earlier flags by GATEHOUSE_REOPEN_CONFIDENCE_PERCENT. No flag reopens a confirmed case; a lead can have it judged again, and its consequences stay in force until that round decides.',
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
        DeclineCategoriesController,
        ShowDeclinedController,
        ShowOwnExposureController,
        ShowExposureSumsController,
        ListSevereViewersController,
        SevereViewersController,
      ],
    },
    {
      name: 'Queues',
      description:
        'Open cases wait in queues. The first routing rule that a case meets decides its queue, and its priority from 0 to 100 with its age decides its place there.',
      controllers: [SetQueuesController, ListQueuesController, NextCaseController],
    },
    {
      name: 'Bulk jobs',
      description: 'A lead takes one decision on every open case of a query.',
      controllers: [ListBulkJobsController, ListSkippedCasesController, BulkJobsController],
    },
    {
      name: 'Review sampling',
      description:
        'A second reviewer judges some cases without knowing of the first verdict, and golden cases, whose right verdicts are known, are mixed in.',
      controllers: [ShowSamplingController, SetSamplingController],
    },
    {
      name: 'Golden cases',
      description: 'Images whose right verdict is known. To reviewers their cases look like any other.',
      controllers: [ListGoldenCasesController, GoldenCasesController],
    },
    {
      name: 'Isolated flags',
      description:
        'Flags of users and detectors that flag more than GATEHOUSE_FLAGS_PER_HOUR are kept apart, so that they don’t hide what others flag. Leads see, replay and release them.',
      controllers: [ListIsolatedFlagsController, IsolatedFlagsController],
    },
    {
      name: 'Reviewers',
      description: 'What leads record about reviewers.',
      controllers: [ShowReviewerController, SetSkillsController, LinkAccountController],
    },
  ],
  services: [
    BulkCases,
    FlaggerRecords,
    FlagRates,
    FurtherReviews,
    HeldClaims,
    ImagesInUse,
    GoldenImages,
    { provide: CONFIRMATIONS, useClass: StoredConfirmations },
    { provide: UNREPORTED_IMAGES, useExisting: GoldenImages },
    IsolatedFlags,
    IsolationGauge,
    MatchingCases,
    NextLimitsReader,
    NobodysAccounts,
    AccountCasesReader,
    CaseFactsReader,
    ...CASE_LISTS,
    CurrentCases,
    ExposureReader,
    CaseNotesReader,
    FlagCommentsReader,
    FlagsAhead,
    RoutingFactsReader,
    SevereViewing,
    ShownFlags,
    WaitingCases,
  ],
  migrations: reviewMigrations,
};
