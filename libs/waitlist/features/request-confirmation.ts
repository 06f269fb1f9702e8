import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { offerOf, requestConfirmation, waitingTurn } from '../../account/index.js';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import type { Ids } from '../../kernel/ids.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, IDS, SETTINGS } from '../../platform/ports.js';
import { LeaveWaitlistParam } from './leave-waitlist.js';

export class RequestConfirmation extends RequestCommand {
  declare readonly accountId: string;
}

@CommandHandler(RequestConfirmation)
export class RequestConfirmationHandler implements ICommandHandler<RequestConfirmation> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(OwnEventIds) private readonly ownEventIds: OwnEventIds,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'waitlistConfirmUrl' | 'waitlistConfirmHours'>,
  ) {}

  async execute({ accountId, context }: RequestConfirmation): Promise<CommandResult> {
    const isOperator = context.actor.role !== 'service';
    const offer = offerOf(this.ownEventIds, this.settings, this.ids.next())(accountId);
    const decide = (turn: (typeof waitingTurn)['initial']) =>
      requestConfirmation(turn, { accountId, offer, isOperator }, this.clock.now());
    return commandResult(await this.transactor.transact(waitingTurn, accountId, context, decide));
  }
}

@Controller('v1/waitlist')
export class RequestConfirmationController extends CommandRoute {
  @Post(':accountId/confirmation-requests')
  @HttpCode(200)
  @Roles('service', 'operator', 'administrator')
  @Operation('Sends another link with which the person confirms the address; the one before is no longer valid', {
    description:
      'Each link doubles the time until the next one may be sent, from five minutes to a day. A confirmed address changes nothing. An operator may also ask somebody who joined before addresses had to be confirmed, and who is not chosen from then on until it is.',
    answer: receipt('The link is sent with the next notices.'),
    refusals: {
      404: ['account-unknown'],
      409: ['account-deactivated', 'not-waiting', 'confirmation-off', 'confirmation-too-soon'],
    },
  })
  requestConfirmation(@Param() { accountId }: LeaveWaitlistParam, @Context() context: Context) {
    return this.receipt(new RequestConfirmation().with({ accountId, context }));
  }
}
