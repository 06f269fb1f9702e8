import { Module } from '@nestjs/common';
import { type CommandBus, CqrsModule } from '@nestjs/cqrs';
import type { InboundCommand } from '../ingest/ingest.js';
import { JoinWaitlistController, JoinWaitlistHandler, joinWaitlistInbound } from './features/join-waitlist.js';
import { LeaveWaitlistController, LeaveWaitlistHandler } from './features/leave-waitlist.js';
import { ListWaitlistController, ListWaitlistHandler } from './features/list-waitlist.js';
import { Waitlist } from './queries/waitlist.js';

@Module({
  imports: [CqrsModule],
  controllers: [JoinWaitlistController, LeaveWaitlistController, ListWaitlistController],
  providers: [JoinWaitlistHandler, LeaveWaitlistHandler, ListWaitlistHandler, Waitlist],
  exports: [Waitlist],
})
export class WaitlistModule {}

/** WaitlistJoined of other systems. */
export const inboundCommands = (commands: CommandBus): InboundCommand[] => [joinWaitlistInbound(commands)];
