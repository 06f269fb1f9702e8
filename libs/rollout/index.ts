import type { Context } from '../context/context.js';
import { nextInLine, Waitlist } from '../waitlist/index.js';
import { cohortStream } from './cohort.js';
import { rolloutEvents } from './events.js';
import { AdmitCohortController, AdmitCohortHandler } from './features/admit-cohort.js';
import { ExportAddressesController, ExportAddressesHandler } from './features/export-addresses.js';
import { ImportCohortHandler, importCohortInbound } from './features/import-cohort.js';
import { PauseOnboardingController, PauseOnboardingHandler } from './features/pause-onboarding.js';
import { ResumeOnboardingController, ResumeOnboardingHandler } from './features/resume-onboarding.js';
import {
  ChangeModelHandler,
  SetGateController,
  SetGateLimitHandler,
  SetGateParametersHandler,
} from './features/set-gate.js';
import { SetRateController, SetRateHandler } from './features/set-rate.js';
import { onboarding } from './processes/onboarding.js';
import { CohortScheduler } from './processes/scheduler.js';
import { Admissions } from './queries/admissions.js';
import { CohortList } from './queries/cohort-list.js';
import { ListCohortsController, ListCohortsHandler } from './queries/list-cohorts.js';
import { PeopleLeft } from './queries/people-left.js';
import { RolloutGauges } from './queries/rollout-gauges.js';
import { ShowCohortController, ShowCohortHandler } from './queries/show-cohort.js';
import { ShowGateController, ShowGateHandler } from './queries/show-gate.js';
import { ShowRolloutController, ShowRolloutHandler } from './queries/show-rollout.js';
import { rolloutStream } from './rollout.js';
import { CloseEarlierCohorts1700000000060 } from './schema.js';
import { cohortsView } from './views/cohorts.js';

export * from './cohort.js';
export * from './events.js';
export { onboarding } from './processes/onboarding.js';
export { CohortScheduler } from './processes/scheduler.js';
export { PeopleLeft } from './queries/people-left.js';
export * from './rollout.js';
export * from './views/cohorts.js';

export const rolloutContext: Context = {
  name: 'rollout',
  events: rolloutEvents,
  streams: [rolloutStream, cohortStream],
  views: [cohortsView],
  consumers: ({ transactor, pool, store, viewReader, clock, settings }) => [
    onboarding(transactor, nextInLine(pool, store, viewReader, settings.decisionWaitMs), clock),
  ],
  schedules: ({ transactor, pool, store, viewReader, clock, logger, settings }) => {
    const peopleLeft = new PeopleLeft(transactor, new Waitlist(pool, store, viewReader, settings), settings);
    return [new CohortScheduler(transactor, peopleLeft, clock, logger)];
  },
  commands: [
    SetRateHandler,
    SetGateLimitHandler,
    SetGateParametersHandler,
    ChangeModelHandler,
    ShowGateHandler,
    PauseOnboardingHandler,
    ResumeOnboardingHandler,
    AdmitCohortHandler,
    ImportCohortHandler,
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
        SetRateController,
        PauseOnboardingController,
        ResumeOnboardingController,
        AdmitCohortController,
        ListCohortsController,
        ShowCohortController,
        ExportAddressesController,
      ],
    },
    {
      name: 'Gate',
      description:
        'Whether the evidence since the last change supports a higher rate. Nothing acts on it: operators set the rate.',
      controllers: [ShowGateController, SetGateController],
    },
  ],
  services: [Admissions, CohortList, PeopleLeft, RolloutGauges],
  migrations: [CloseEarlierCohorts1700000000060],
};
