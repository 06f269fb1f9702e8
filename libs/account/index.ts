import type { Context } from '../context/context.js';
import { accountStream } from './account-standing.js';
import { accountEvents, personEvents } from './events.js';
import { AcceptPolicyController, AcceptPolicyHandler } from './features/accept-policy.js';
import {
  DeactivateAccountController,
  DeactivateAccountHandler,
  deactivateAccountInbound,
} from './features/deactivate-account.js';
import { ReinstateAccountController, ReinstateAccountHandler } from './features/reinstate-account.js';
import { SuspendAccountController, SuspendAccountHandler } from './features/suspend-account.js';
import { personStream } from './person.js';
import { ShowAccountController, ShowAccountHandler } from './queries/show-account.js';
import { accountStandingView } from './views/account-standing.js';

export * from './account-standing.js';
export * from './events.js';
export * from './person.js';
export * from './views/account-standing.js';
export * from './waiting-turn.js';

export const accountContext: Context = {
  name: 'account',
  events: [...accountEvents, ...personEvents],
  streams: [accountStream, personStream],
  views: [accountStandingView],
  commands: [
    ShowAccountHandler,
    AcceptPolicyHandler,
    SuspendAccountHandler,
    ReinstateAccountHandler,
    DeactivateAccountHandler,
  ],
  inbound: (commands) => [deactivateAccountInbound(commands)],
  routes: [
    {
      name: 'Accounts',
      description: 'The status of an account, now or at any earlier moment, and what changes it.',
      controllers: [
        ShowAccountController,
        AcceptPolicyController,
        SuspendAccountController,
        ReinstateAccountController,
        DeactivateAccountController,
      ],
    },
  ],
};
