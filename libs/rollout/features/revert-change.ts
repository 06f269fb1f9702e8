import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsString, Matches, MaxLength } from 'class-validator';
import { CommandRoute, EditCommand } from '../../context/decision.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { MAX_PER_WEEK } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, IsInteger, IsReason, Means } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { POSITION_RULE, positionOf } from '../../http/position-text.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import { NotFound } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import { GIVEN_POSITION } from '../../kernel/text-forms.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, IDS, SETTINGS } from '../../platform/ports.js';
import { afterDue } from '../change-rollout.js';
import { rolloutLedger } from '../queries/rollout-ledger.js';
import { revertChange } from '../revert-change.js';
import { rolloutStream } from '../rollout.js';
import { conditional } from './edited-rollout.js';

export class RevertChange extends EditCommand {
  @IsReason('Why.')
  reason!: string;

  @IfGiven()
  @IsInteger('The rate that comes back, to confirm a raise by more than the factor.', 0, MAX_PER_WEEK)
  confirm?: number;

  @IfGiven()
  @IsEntityId('A new id: the revert is proposed under it, for another person to approve.')
  changeId?: string;

  declare readonly position: string;
}

class PositionParam {
  @IsString()
  @MaxLength(40)
  @Matches(new RegExp(GIVEN_POSITION), { message: POSITION_RULE })
  @Means('The event that is reverted.')
  position!: string;
}

@CommandHandler(RevertChange)
export class RevertChangeHandler implements ICommandHandler<RevertChange> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async execute({ position: text, reason, confirm, changeId, context, ifMatch }: RevertChange): Promise<CommandResult> {
    const position = positionOf(text, 'position', this.epoch.current);
    const { state: ledger } = await this.transactor.load(rolloutLedger, undefined);
    const entry = ledger.entries.find((one) => one.position === position);
    if (!entry) {
      const message = `no change of the rollout is at position ${position}; gatehouse rollout history lists them`;
      throw new NotFound('change-unknown', message);
    }
    const newId = this.ids.next();
    return commandResult(
      await this.transactor.transact(rolloutStream, undefined, context, (state) => {
        const asking = { by: context.actor.id, now: this.clock.now(), terms: this.settings, newId };
        const request = { position, reason, confirm, changeId };
        const decide = () => afterDue(state, asking, (current) => revertChange(current, entry, request, asking));
        return conditional(ifMatch, state, decide);
      }),
    );
  }
}

@Controller('v1/rollout')
export class RevertChangeController extends CommandRoute {
  @Post('changes/:position/revert')
  @Edits('/v1/rollout')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Reverts a change: brings back what there was before it', {
    description:
      'The rules of any other change hold. A planned change is cancelled, a proposal withdrawn or refused. With `changeId` the revert is proposed, for another person to approve.',
    fields: { position: 'The position of the event that is reverted, as the history has it.' },
    example: { reason: 'reviewers are ill' },
    answer: receipt('Reverted, or proposed.'),
    refusals: {
      404: ['change-unknown'],
      409: ['not-revertible', 'confirmation-needed', 'approval-needed', 'change-known', 'too-many-proposals'],
    },
  })
  revertChange(
    @Param() { position }: PositionParam,
    @Body() revert: RevertChange,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(revert.with({ context, ifMatch, position }));
  }
}
