import type { Context } from '../context/context.js';
import {
  ConfirmAddressController,
  ConfirmAddressHandler,
  ConfirmByHandController,
  ConfirmByHandHandler,
} from './features/confirm-address.js';
import { ExportLineController, ExportLineHandler } from './features/export-line.js';
import { JoinWaitlistController, JoinWaitlistHandler, joinWaitlistInbound } from './features/join-waitlist.js';
import { LeaveWaitlistController, LeaveWaitlistHandler } from './features/leave-waitlist.js';
import { RequestConfirmationController, RequestConfirmationHandler } from './features/request-confirmation.js';
import { RequestConfirmationsController, RequestConfirmationsHandler } from './features/request-confirmations.js';
import { SetWaitlistClassController, SetWaitlistClassHandler } from './features/set-waitlist-class.js';
import { ListWaitlistController, ListWaitlistHandler } from './queries/list-waitlist.js';
import { ShowPlaceController, ShowPlaceHandler } from './queries/show-place.js';
import { Waitlist } from './queries/waitlist.js';
import { WaitlistGauge } from './queries/waitlist-gauge.js';
import { waitlistEntriesView } from './views/waitlist-entries.js';

export { acceptedInvitations, acceptedOf } from './queries/accepted-invitations.js';
export * from './queries/next-in-line.js';
export { Waitlist } from './queries/waitlist.js';
export * from './views/waitlist-entries.js';

export const waitlistContext: Context = {
  name: 'waitlist',
  views: [waitlistEntriesView],
  commands: [
    JoinWaitlistHandler,
    LeaveWaitlistHandler,
    SetWaitlistClassHandler,
    ConfirmAddressHandler,
    ConfirmByHandHandler,
    RequestConfirmationHandler,
    RequestConfirmationsHandler,
    ExportLineHandler,
    ShowPlaceHandler,
    ListWaitlistHandler,
  ],
  inbound: (commands) => [joinWaitlistInbound(commands)],
  routes: [
    {
      name: 'Waitlist',
      description: 'Who waits for access, in the order of their turn.',
      controllers: [
        JoinWaitlistController,
        LeaveWaitlistController,
        SetWaitlistClassController,
        ConfirmAddressController,
        ConfirmByHandController,
        RequestConfirmationController,
        RequestConfirmationsController,
        ExportLineController,
        ListWaitlistController,
        ShowPlaceController,
      ],
    },
  ],
  services: [Waitlist, WaitlistGauge],
};
