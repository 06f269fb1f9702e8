import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsReason, IsShortId } from '../../http/field-rules.js';
import { closed, count, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { NotCaughtUp } from '../../kernel/errors.js';
import { Waitlist } from '../../waitlist/index.js';
import { batchOf, placesOf } from '../held-places.js';
import { rolloutStream } from '../rollout.js';
import { freeWithdrawn, withdrawInvitations } from '../withdraw-invitations.js';

const BatchWithdrawnAnswer = closed({
  batchId: text('The batch.'),
  held: count('The places that it still holds, for people who have accepted.'),
  ...writeReceiptFields,
});
export type BatchWithdrawnAnswer = Static<typeof BatchWithdrawnAnswer>;

export class WithdrawInvitations extends RequestCommand<BatchWithdrawnAnswer> {
  @IsReason('Why.')
  reason!: string;

  declare readonly batchId: string;
}

class BatchIdParam {
  @IsShortId('The batch.')
  batchId!: string;
}

/**
 * Withdraws a batch, then frees its places except those of people who accepted; the process `inviting` ends the invitations. The
 * withdrawal comes first: it doesn't depend on any view, and nobody accepts after it, so that few are counted too early.
 */
@CommandHandler(WithdrawInvitations)
export class WithdrawInvitationsHandler implements ICommandHandler<WithdrawInvitations> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(Waitlist) private readonly waitlist: Waitlist,
  ) {}

  async execute({ context, batchId, reason }: WithdrawInvitations): Promise<BatchWithdrawnAnswer> {
    const withdrawn = await this.transactor.transact(rolloutStream, undefined, context, (rollout) =>
      withdrawInvitations(rollout, batchId, reason),
    );
    const accepted = withdrawn.events.length > 0 ? await this.acceptedIfKnown(batchId) : undefined;
    const { state, position } =
      accepted === undefined
        ? withdrawn
        : await this.transactor.transact(rolloutStream, undefined, context, (rollout) =>
            freeWithdrawn(rollout, batchId, accepted),
          );
    const batch = batchOf(state.held, batchId);
    return { batchId, held: batch ? placesOf(batch) : 0, ...writeReceipt({ position }) };
  }

  /** Undefined while the view is too far behind: then the places are free once each invitation has ended. */
  private async acceptedIfKnown(batchId: string): Promise<number | undefined> {
    try {
      return await this.waitlist.acceptedNow(batchId);
    } catch (error) {
      if (error instanceof NotCaughtUp) return undefined;
      throw error;
    }
  }
}

@Controller('v1/invitations')
export class WithdrawInvitationsController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post(':batchId/withdrawal')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Withdraws a batch of invitations: nobody else is invited with it, and nobody else accepts', {
    description:
      'Its open places are free at once, and its people are in the line again, at their old places, before anybody else is chosen from it. Who accepted before still comes in. A withdrawal can’t be reverted: invite the people with another batch. A repeat changes nothing.',
    example: { reason: 'sent to the wrong people' },
    answer: answer('InvitationsWithdrawn', 'Withdrawn; the invitations end right after.', BatchWithdrawnAnswer, {
      batchId: 'spring',
      held: 20,
      position: '1043',
    }),
    refusals: { 404: ['batch-unknown'], 409: ['batch-decided'] },
  })
  withdrawInvitations(
    @Param() { batchId }: BatchIdParam,
    @Body() command: WithdrawInvitations,
    @Context() context: Context,
  ): Promise<BatchWithdrawnAnswer> {
    return this.commands.execute(command.with({ batchId, context }));
  }
}
