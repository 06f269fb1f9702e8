import type { Context } from '../context/context.js';
import { ERASURE_HOLDS } from '../platform/personal-data/erasure-holds.js';
import { preservationEvents } from './events.js';
import { ChangeHoldController, LiftHoldHandler, PlaceHoldHandler } from './features/change-hold.js';
import { RecordReportController, RecordReportHandler } from './features/record-report.js';
import { preservationStream } from './preservation.js';
import { holdPlacing } from './processes/hold-placing.js';
import { AccountHolds } from './queries/account-holds.js';
import { HoldGauges } from './queries/hold-gauges.js';
import { KnownAccounts } from './queries/known-accounts.js';
import { ListHoldsController, ListHoldsHandler } from './queries/list-holds.js';
import { preservationAgain } from './queries/preservation-again.js';
import { legalHoldsView } from './views/legal-holds.js';

export * from './events.js';
export { AccountHolds, HOLD_CONSUMER } from './queries/account-holds.js';
export { legalHoldsView } from './views/legal-holds.js';

export const preservationContext: Context = {
  name: 'preservation',
  events: preservationEvents,
  streams: [preservationStream],
  decisionsAgain: [preservationAgain],
  views: [legalHoldsView],
  commands: [PlaceHoldHandler, LiftHoldHandler, RecordReportHandler, ListHoldsHandler],
  consumers: ({ transactor, clock }) => [holdPlacing(transactor, clock)],
  routes: [
    {
      name: 'Preservation',
      description:
        'Holds, by which what is stored of an account must not be erased, and the reports of cases to authorities. A confirmed violation of a clause of severity 3 places a hold by itself.',
      controllers: [ListHoldsController, ChangeHoldController, RecordReportController],
    },
  ],
  services: [HoldGauges, KnownAccounts, { provide: ERASURE_HOLDS, useClass: AccountHolds }],
};
