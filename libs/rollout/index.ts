import type { Context } from '../context/context.js';
import { StageEvidence } from '../safety/index.js';
import { jointConsumer } from '../subscriptions/joint-consumer.js';
import { acceptedInvitations, acceptedOf, nextInLine, Waitlist } from '../waitlist/index.js';
import { admissionPlanStream } from './admission-plan.js';
import { cohortStream } from './cohort.js';
import { rolloutEvents } from './events.js';
import { AcceptInvitationController, AcceptInvitationHandler } from './features/accept-invitation.js';
import { AdmitCohortController, AdmitCohortHandler } from './features/admit-cohort.js';
import { CloseCohortController, CloseCohortHandler } from './features/close-cohort.js';
import { ExportAddressesController, ExportAddressesHandler } from './features/export-addresses.js';
import { ImportCohortHandler, importCohortInbound } from './features/import-cohort.js';
import {
  ApproveOverrideHandler,
  EndOverrideHandler,
  OverrideGateController,
  ProposeOverrideHandler,
} from './features/override-gate.js';
import { PauseOnboardingController, PauseOnboardingHandler } from './features/pause-onboarding.js';
import {
  ApproveChangeHandler,
  CancelPlannedHandler,
  DeclineChangeHandler,
  ProposeChangeController,
  ProposeChangeHandler,
  ProposePhaseHandler,
} from './features/propose-change.js';
import { ResumeOnboardingController, ResumeOnboardingHandler } from './features/resume-onboarding.js';
import { RevertChangeController, RevertChangeHandler } from './features/revert-change.js';
import { SendInvitationsController, SendInvitationsHandler } from './features/send-invitations.js';
import { SetClassPlanController, SetClassPlanHandler } from './features/set-class-plan.js';
import {
  ChangeDetectorHandler,
  ChangeModelHandler,
  SetGateController,
  SetGateLimitHandler,
  SetGateParametersHandler,
} from './features/set-gate.js';
import { ConfirmStepHandler, EndRampHandler, RampController, SetRampHandler } from './features/set-ramp.js';
import { SetRateController, SetRateHandler } from './features/set-rate.js';
import { EndScheduleHandler, ScheduleController, SetScheduleHandler } from './features/set-schedule.js';
import { WithdrawInvitationsController, WithdrawInvitationsHandler } from './features/withdraw-invitations.js';
import { batchStream } from './invitation-batch.js';
import { GateWatch } from './processes/gate-watch.js';
import { InvitationClock } from './processes/invitation-clock.js';
import { inviting } from './processes/inviting.js';
import { modelNoting } from './processes/model-noting.js';
import { FILLING_PLACES, onboarding } from './processes/onboarding.js';
import { RolloutClock } from './processes/rollout-clock.js';
import { CohortScheduler } from './processes/scheduler.js';
import { Admissions } from './queries/admissions.js';
import { BatchList } from './queries/batch-list.js';
import { CohortList } from './queries/cohort-list.js';
import { ExplainMoveController, ExplainMoveHandler } from './queries/explain-move.js';
import { GateEvidence } from './queries/gate-evidence.js';
import { GateGauges } from './queries/gate-gauges.js';
import { ShowSeriesController, ShowSeriesHandler } from './queries/gate-series.js';
import { HeldBatches } from './queries/held-batches.js';
import { ListChangesController, ListChangesHandler } from './queries/list-changes.js';
import { ListCohortsController, ListCohortsHandler } from './queries/list-cohorts.js';
import { moveCounts } from './queries/move-counts.js';
import { OnboardingCheck } from './queries/onboarding-check.js';
import { PeopleLeft } from './queries/people-left.js';
import { batchAgain, cohortAgain, planAgain, rolloutAgain } from './queries/rollout-again.js';
import { RolloutGauges } from './queries/rollout-gauges.js';
import { ShowCalibrationController, ShowCalibrationHandler } from './queries/show-calibration.js';
import { ShowCohortController, ShowCohortHandler } from './queries/show-cohort.js';
import { ShowGateController, ShowGateHandler } from './queries/show-gate.js';
import {
  ListInvitationsHandler,
  ShowInvitationsController,
  ShowInvitationsHandler,
} from './queries/show-invitations.js';
import { ShowPlanController, ShowPlanHandler } from './queries/show-plan.js';
import { ShowRatePreviewController, ShowRatePreviewHandler } from './queries/show-rate-preview.js';
import { ShowRolloutController, ShowRolloutHandler } from './queries/show-rollout.js';
import { ShowTimelineController, ShowTimelineHandler } from './queries/show-timeline.js';
import { StageChanges } from './queries/stage-changes.js';
import { rolloutStream } from './rollout.js';
import { CloseEarlierCohorts1700000000060, DropFormerConsumers1700000000281 } from './schema.js';
import { cohortsView } from './views/cohorts.js';
import { invitationBatchesView } from './views/invitation-batches.js';
import { onboardingsView } from './views/onboardings.js';

export * from './admission-plan.js';
export type { ClassPlan } from './class-plan.js';
export * from './cohort.js';
export * from './events.js';
export * from './invitation-events.js';
export { RolloutPhaseSet } from './phase-events.js';
export { GateWatch } from './processes/gate-watch.js';
export { onboarding } from './processes/onboarding.js';
export { CohortScheduler } from './processes/scheduler.js';
export { CalibrationAnswer, calibrationExample } from './queries/calibration-answer.js';
export { ExplainMove, ExplainMoveHandler } from './queries/explain-move.js';
export { GateEvidence } from './queries/gate-evidence.js';
export { PeopleLeft } from './queries/people-left.js';
export { StageChanges } from './queries/stage-changes.js';
export * from './rollout.js';
export type { Schedule } from './schedule.js';
export * from './views/cohorts.js';

export const rolloutContext: Context = {
  name: 'rollout',
  events: rolloutEvents,
  streams: [rolloutStream, cohortStream, batchStream, admissionPlanStream],
  decisionsAgain: [rolloutAgain, cohortAgain, batchAgain, planAgain],
  countsAgain: [moveCounts],
  views: [cohortsView, invitationBatchesView, onboardingsView],
  consumers: ({ transactor, pool, store, viewReader, ownEventIds, clock, settings }) => {
    const line = nextInLine(pool, store, viewReader, settings.decisionWaitMs);
    return [
      // Both choose from the same line: what one has chosen is onboarded or invited before the other chooses.
      jointConsumer(
        FILLING_PLACES,
        onboarding(transactor, store, line, clock),
        inviting(transactor, store, line, ownEventIds, clock),
      ),
      modelNoting(transactor),
    ];
  },
  schedules: ({ transactor, pool, store, viewReader, clock, logger, settings }) => {
    const evidence = new GateEvidence(new StageEvidence(pool), store, clock);
    const gate = new GateWatch(
      transactor,
      evidence,
      new StageChanges(store),
      store,
      viewReader,
      clock,
      logger,
      settings,
    );
    const peopleLeft = new PeopleLeft(transactor, new Waitlist(pool, store, viewReader, settings), settings, clock);
    const changes = new RolloutClock(transactor, clock, logger, settings);
    const accepted = { pages: acceptedInvitations(pool), of: acceptedOf(pool) };
    const invitations = new InvitationClock(transactor, store, accepted, clock, logger, settings, gate);
    return [changes, new CohortScheduler(transactor, peopleLeft, clock, logger, gate), gate, invitations];
  },
  commands: [
    SetRateHandler,
    SetClassPlanHandler,
    SetScheduleHandler,
    EndScheduleHandler,
    ShowPlanHandler,
    ShowRatePreviewHandler,
    ShowCalibrationHandler,
    SetGateLimitHandler,
    SetGateParametersHandler,
    ChangeModelHandler,
    ChangeDetectorHandler,
    ProposeOverrideHandler,
    ApproveOverrideHandler,
    EndOverrideHandler,
    ShowGateHandler,
    ShowSeriesHandler,
    ExplainMoveHandler,
    ShowTimelineHandler,
    PauseOnboardingHandler,
    ResumeOnboardingHandler,
    SetRampHandler,
    ConfirmStepHandler,
    EndRampHandler,
    ProposeChangeHandler,
    ProposePhaseHandler,
    ApproveChangeHandler,
    DeclineChangeHandler,
    CancelPlannedHandler,
    RevertChangeHandler,
    ListChangesHandler,
    AdmitCohortHandler,
    CloseCohortHandler,
    ImportCohortHandler,
    SendInvitationsHandler,
    WithdrawInvitationsHandler,
    AcceptInvitationHandler,
    ListInvitationsHandler,
    ShowInvitationsHandler,
    ExportAddressesHandler,
    ShowRolloutHandler,
    ListCohortsHandler,
    ShowCohortHandler,
  ],
  inbound: (commands) => [importCohortInbound(commands)],
  routes: [
    {
      name: 'Rollout',
      description: 'How many people may be onboarded, and their cohorts. No rolling seven days exceed the rate.',
      controllers: [
        ShowRolloutController,
        ShowTimelineController,
        SetRateController,
        ShowRatePreviewController,
        ShowCalibrationController,
        ShowPlanController,
        SetClassPlanController,
        ScheduleController,
        PauseOnboardingController,
        ResumeOnboardingController,
        ProposeChangeController,
        RampController,
        RevertChangeController,
        ListChangesController,
        AdmitCohortController,
        CloseCohortController,
        ListCohortsController,
        ShowCohortController,
        ExportAddressesController,
        SendInvitationsController,
        WithdrawInvitationsController,
        AcceptInvitationController,
        ShowInvitationsController,
      ],
    },
    {
      name: 'Gate',
      description:
        'Whether the evidence since the last change supports a higher rate. A brake stops admissions; operators raise the rate.',
      controllers: [
        ShowGateController,
        SetGateController,
        OverrideGateController,
        ShowSeriesController,
        ExplainMoveController,
      ],
    },
  ],
  services: [
    Admissions,
    BatchList,
    CohortList,
    HeldBatches,
    PeopleLeft,
    RolloutGauges,
    OnboardingCheck,
    GateEvidence,
    GateGauges,
    GateWatch,
    StageChanges,
  ],
  migrations: [CloseEarlierCohorts1700000000060, DropFormerConsumers1700000000281],
};
