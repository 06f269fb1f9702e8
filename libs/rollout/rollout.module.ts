import { Module } from '@nestjs/common';
import { type CommandBus, CqrsModule } from '@nestjs/cqrs';
import type { InboundCommand } from '../ingest/ingest.js';
import { WaitlistModule } from '../waitlist/index.js';
import { AdmitCohortController, AdmitCohortHandler } from './features/admit-cohort.js';
import { ImportCohortHandler, importCohortInbound } from './features/import-cohort.js';
import { ListCohortsController, ListCohortsHandler } from './features/list-cohorts.js';
import { PauseOnboardingController, PauseOnboardingHandler } from './features/pause-onboarding.js';
import { ResumeOnboardingController, ResumeOnboardingHandler } from './features/resume-onboarding.js';
import { SetRateController, SetRateHandler } from './features/set-rate.js';
import { ShowCohortController, ShowCohortHandler } from './features/show-cohort.js';
import { ShowRolloutController, ShowRolloutHandler } from './features/show-rollout.js';
import { Admissions } from './queries/admissions.js';
import { CohortList } from './queries/cohort-list.js';
import { PeopleLeft } from './queries/people-left.js';

@Module({
  imports: [CqrsModule, WaitlistModule],
  controllers: [
    ShowRolloutController,
    SetRateController,
    PauseOnboardingController,
    ResumeOnboardingController,
    AdmitCohortController,
    ListCohortsController,
    ShowCohortController,
  ],
  providers: [
    ShowRolloutHandler,
    SetRateHandler,
    PauseOnboardingHandler,
    ResumeOnboardingHandler,
    AdmitCohortHandler,
    ImportCohortHandler,
    ListCohortsHandler,
    ShowCohortHandler,
    Admissions,
    CohortList,
    PeopleLeft,
  ],
})
export class RolloutModule {}

/** CohortOnboarded of other systems. */
export const inboundCommands = (commands: CommandBus): InboundCommand[] => [importCohortInbound(commands)];
