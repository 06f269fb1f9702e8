import { Body, Controller, Delete, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsEntityId, IsReason } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { liftHold, placeHoldByHand, preservationStream } from '../preservation.js';
import { KnownAccounts } from '../queries/known-accounts.js';

const ACCOUNT = 'The account.';
const HOLD = 'The hold, as GET /v1/legal-holds gives it.';

export class PlaceHold extends RequestCommand {
  @IsEntityId('An id for the hold, such as the number of the request; a repeat with it changes nothing.')
  holdId!: string;

  @IsReason('Why. No personal data.')
  reason!: string;

  declare readonly accountId: string;
}

@CommandHandler(PlaceHold)
export class PlaceHoldHandler implements ICommandHandler<PlaceHold> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(KnownAccounts) private readonly accounts: KnownAccounts,
  ) {}

  /** @throws NotFound account-unknown; Refusal hold-lifted; NotCaughtUp */
  async execute({ accountId, holdId, reason, context }: PlaceHold): Promise<CommandResult> {
    return commandResult(
      await this.transactor.transact(
        preservationStream,
        accountId,
        context,
        (state, isKnown) => placeHoldByHand(state, { accountId, holdId, reason }, isKnown),
        () => this.accounts.isKnown(accountId),
      ),
    );
  }
}

export class LiftHold extends RequestCommand {
  declare readonly accountId: string;
  declare readonly holdId: string;
  declare readonly reason: string;
}

export const LiftHoldHandler = decisionHandler(
  LiftHold,
  preservationStream,
  (state, { accountId, holdId, reason }) => liftHold(state, { accountId, holdId, reason }),
  ({ accountId }) => accountId,
);

class HoldParams extends IdParam {
  @IsEntityId(HOLD)
  holdId!: string;
}

class LiftQuery {
  @IsReason('Why. No personal data.')
  reason!: string;
}

@Controller('v1/accounts')
export class ChangeHoldController extends CommandRoute {
  @Post(':id/legal-holds')
  @HttpCode(200)
  @Roles('compliance', 'administrator')
  @Operation('Places a hold: what is stored of the account must not be erased until somebody lifts it', {
    description:
      'A confirmed violation of a clause of severity 3 places one by itself. The account has an event, an image or a case. A hold that was lifted is not placed again under the same id.',
    fields: { id: ACCOUNT },
    example: { holdId: 'request-2022-17', reason: 'an order of a court' },
    answer: receipt('Placed.'),
    refusals: { 404: ['account-unknown'], 409: ['hold-lifted'], 503: ['not-caught-up'] },
  })
  placeHold(@Param() { id }: IdParam, @Body() hold: PlaceHold, @Context() context: Context) {
    return this.receipt(hold.with({ context, accountId: id }));
  }

  @Delete(':id/legal-holds/:holdId')
  @Roles('compliance', 'administrator')
  @Operation('Lifts a hold; a repeat changes nothing', {
    description: 'If a case led to it, those that the same case led to earlier are lifted with it.',
    fields: { id: ACCOUNT },
    answer: receipt('Lifted.'),
    refusals: { 404: ['hold-unknown'] },
  })
  liftHold(@Param() { id, holdId }: HoldParams, @Query() { reason }: LiftQuery, @Context() context: Context) {
    return this.receipt(new LiftHold().with({ context, accountId: id, holdId, reason }));
  }
}
