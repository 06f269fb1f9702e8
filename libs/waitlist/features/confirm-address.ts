import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { confirmByHand, confirmByLink, waitingTurn } from '../../account/index.js';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { PublicEndpoint, Roles } from '../../http/credentials/route-access.js';
import { IsEntityId, IsReason } from '../../http/field-rules.js';
import { closed, oneOf } from '../../http/openapi/answer-schemas.js';
import { answer, Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { NotFound, Refusal } from '../../kernel/errors.js';
import { alikeInTime } from './alike-in-time.js';
import { LeaveWaitlistParam } from './leave-waitlist.js';

export class ConfirmAddress extends RequestCommand {
  @IsEntityId('The account in the link.')
  accountId!: string;

  @IsEntityId('The token in the link.')
  token!: string;
}

export const ConfirmAddressHandler = decisionHandler(
  ConfirmAddress,
  waitingTurn,
  (turn, { accountId, token }, now) => confirmByLink(turn, { accountId, token }, now),
  ({ accountId }) => accountId,
);

export class ConfirmByHand extends RequestCommand {
  declare readonly accountId: string;

  @IsReason('Why the address is known to be the person’s.')
  reason!: string;
}

export const ConfirmByHandHandler = decisionHandler(
  ConfirmByHand,
  waitingTurn,
  (turn, { accountId, reason }) => confirmByHand(turn, { accountId, reason }),
  ({ accountId }) => accountId,
);

const ConfirmationAnswer = closed({
  status: oneOf(['received'], 'Always the same, so that nobody learns who is on the waitlist.'),
});
export type ConfirmationAnswer = Static<typeof ConfirmationAnswer>;

@Controller('v1/waitlist/confirmations')
export class ConfirmAddressController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(202)
  @PublicEndpoint('service', 'operator', 'administrator')
  @Operation('Confirms an address with the account and the token of its link', {
    description:
      'The page behind GATEHOUSE_WAITLIST_CONFIRM_URL sends what its query has. The answer is the same, after the same time, whether or not the link is valid. A link is good for one use, until its end, and until another one is sent.',
    example: { accountId: 'acc-1', token: '0196e0f0-0000-8000-8000-000000000001' },
    answer: answer('Confirmation', 'Received.', ConfirmationAnswer, { status: 'received' }),
  })
  async confirmAddress(@Body() command: ConfirmAddress, @Context() context: Context): Promise<ConfirmationAnswer> {
    const outcome = await alikeInTime(this.commands.execute(command.with({ context })));
    if (outcome.status === 'rejected' && !saysSomethingOfAPerson(outcome.reason)) throw outcome.reason;
    return { status: 'received' };
  }
}

const saysSomethingOfAPerson = (error: unknown): boolean => error instanceof Refusal || error instanceof NotFound;

@Controller('v1/waitlist')
export class ConfirmByHandController extends CommandRoute {
  @Post(':accountId/confirmation')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Confirms the address of an account by hand; a repeat changes nothing', {
    description: 'The event names who confirmed it, and why.',
    example: { reason: 'confirmed by telephone' },
    answer: receipt('Confirmed.'),
    refusals: { 404: ['account-unknown'], 409: ['account-deactivated', 'not-waiting'] },
  })
  confirmByHand(
    @Param() { accountId }: LeaveWaitlistParam,
    @Body() command: ConfirmByHand,
    @Context() context: Context,
  ) {
    return this.receipt(command.with({ accountId, context }));
  }
}
