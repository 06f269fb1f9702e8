import { Module } from '@nestjs/common';
import { type CommandBus, CqrsModule } from '@nestjs/cqrs';
import type { InboundCommand } from '../ingest/ingest.js';
import { AcceptPolicyController, AcceptPolicyHandler } from './features/accept-policy.js';
import {
  DeactivateAccountController,
  DeactivateAccountHandler,
  deactivateAccountInbound,
} from './features/deactivate-account.js';
import { ReinstateAccountController, ReinstateAccountHandler } from './features/reinstate-account.js';
import { ShowAccountController, ShowAccountHandler } from './features/show-account.js';
import { SuspendAccountController, SuspendAccountHandler } from './features/suspend-account.js';

@Module({
  imports: [CqrsModule],
  controllers: [
    ShowAccountController,
    AcceptPolicyController,
    SuspendAccountController,
    ReinstateAccountController,
    DeactivateAccountController,
  ],
  providers: [
    ShowAccountHandler,
    AcceptPolicyHandler,
    SuspendAccountHandler,
    ReinstateAccountHandler,
    DeactivateAccountHandler,
  ],
})
export class AccountModule {}

/** AccountDeactivated of other systems. */
export const inboundCommands = (commands: CommandBus): InboundCommand[] => [deactivateAccountInbound(commands)];
