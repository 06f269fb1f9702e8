import type { Context } from '../context/context.js';
import { enforcementUndoing } from '../enforcement/index.js';
import { APPEAL_HEARINGS, bulkWorkOf } from '../review/index.js';
import { appealStream } from './appeal.js';
import { appealEvents } from './events.js';
import { AppealFactsReader } from './features/appeal-facts.js';
import {
  ClaimAppealController,
  ClaimAppealHandler,
  ReleaseAppealHandler,
  RenewAppealClaimHandler,
} from './features/claim-appeal.js';
import { DecideAppealController, DecideAppealHandler } from './features/decide-appeal.js';
import { FileAppealController, FileAppealHandler } from './features/file-appeal.js';
import { HandOverAppealController, HandOverAppealHandler } from './features/hand-over-appeal.js';
import { NextAppealController, NextAppealHandler } from './features/next-appeal.js';
import { appealCarryingOut } from './processes/carrying-out.js';
import { appealLapsing } from './processes/lapsing.js';
import { AppealOverdueNoting } from './processes/overdue-noting.js';
import { AppealGauges } from './queries/appeal-gauges.js';
import { appealsAgain } from './queries/appeals-again.js';
import { Hearers } from './queries/hearers.js';
import { HearingConflicts } from './queries/hearing-conflicts.js';
import { ListAppealsController, ListAppealsHandler } from './queries/list-appeals.js';
import { ShowAppealController, ShowAppealHandler } from './queries/show-appeal.js';
import { StoredHearings } from './queries/stored-hearings.js';
import { WaitingAppeals } from './queries/waiting-appeals.js';
import { appealsView } from './views/appeals.js';

export * from './events.js';
export { APPEAL_CARRYING_OUT } from './processes/carrying-out.js';
export { appealsView } from './views/appeals.js';

export const appealsContext: Context = {
  name: 'appeals',
  events: appealEvents,
  streams: [appealStream],
  decisionsAgain: [appealsAgain],
  views: [appealsView],
  consumers: (given) => {
    const { transactor, ownEventIds } = given;
    return [
      appealCarryingOut(transactor, ownEventIds, enforcementUndoing(given)),
      appealLapsing(transactor),
      bulkWorkOf(given, new StoredHearings(transactor)),
    ];
  },
  schedules: ({ pool, transactor, clock, logger }) => [new AppealOverdueNoting(pool, transactor, clock, logger)],
  commands: [
    FileAppealHandler,
    ClaimAppealHandler,
    RenewAppealClaimHandler,
    NextAppealHandler,
    ReleaseAppealHandler,
    HandOverAppealHandler,
    DecideAppealHandler,
    ListAppealsHandler,
    ShowAppealHandler,
  ],
  routes: [
    {
      name: 'Appeals',
      description:
        'The holder of an account appeals against a measure, through the service they log in to. Somebody who took no part in the decision hears the appeal.',
      controllers: [
        FileAppealController,
        ListAppealsController,
        ShowAppealController,
        NextAppealController,
        ClaimAppealController,
        HandOverAppealController,
        DecideAppealController,
      ],
    },
  ],
  services: [
    AppealFactsReader,
    AppealGauges,
    HearingConflicts,
    Hearers,
    WaitingAppeals,
    { provide: APPEAL_HEARINGS, useClass: StoredHearings },
  ],
};
