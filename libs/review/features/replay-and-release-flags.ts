import { Body, Controller, Delete, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsReason } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { isolationId, isolationStream, refuseNeverIsolated, releaseFlagger, replayFlags } from '../isolation.js';
import { IsolatedFlags } from '../queries/isolated-flags.js';
import { FLAGGER } from '../queries/list-isolated-flags.js';
import { LEADS } from '../queries/reviewing-roles.js';

export class ReplayIsolatedFlags extends RequestCommand {
  @IsReason('Why. No personal data.')
  reason!: string;

  declare readonly flaggedBy: string;
}

@CommandHandler(ReplayIsolatedFlags)
export class ReplayIsolatedFlagsHandler implements ICommandHandler<ReplayIsolatedFlags> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(IsolatedFlags) private readonly flags: IsolatedFlags,
  ) {}

  async execute({ flaggedBy, reason, context }: ReplayIsolatedFlags): Promise<CommandResult> {
    const { state: known } = await this.transactor.load(isolationStream, isolationId(flaggedBy));
    refuseNeverIsolated(known, flaggedBy);
    const through = await this.flags.lastWaiting(flaggedBy);
    return commandResult(
      await this.transactor.transact(isolationStream, isolationId(flaggedBy), context, (state) =>
        replayFlags(state, { flaggedBy, through, reason }),
      ),
    );
  }
}

export class ReleaseFlagger extends RequestCommand {
  declare readonly flaggedBy: string;
  declare readonly reason: string;
}

export const ReleaseFlaggerHandler = decisionHandler(
  ReleaseFlagger,
  isolationStream,
  (state, { flaggedBy, reason }) => releaseFlagger(state, { flaggedBy, reason }),
  ({ flaggedBy }) => isolationId(flaggedBy),
);

export class ReleaseFlaggerQuery {
  @IsReason('Why. No personal data.')
  reason!: string;
}

@Controller('v1/isolated-flags')
export class IsolatedFlagsController extends CommandRoute {
  @Post(':id/replay')
  @HttpCode(200)
  @Roles(...LEADS)
  @Operation('Puts the flags of somebody that are kept apart into the cases of their images', {
    description:
      'It takes a while; those that come later wait for another replay. It does not stop isolating their new flags. Without waiting flags it changes nothing.',
    fields: { id: FLAGGER },
    example: { reason: 'they are right' },
    answer: receipt('They are being replayed.'),
    refusals: { 404: ['flagger-not-isolated'] },
  })
  replayFlags(@Param() { id }: IdParam, @Body() replay: ReplayIsolatedFlags, @Context() context: Context) {
    return this.receipt(replay.with({ context, flaggedBy: id }));
  }

  @Delete(':id')
  @Roles(...LEADS)
  @Operation('Stops isolating a flagger’s new flags', {
    description:
      'It holds for flags that are stored later, and only those count towards the limit. Those before stay apart until they are replayed. A repeat changes nothing.',
    fields: { id: FLAGGER },
    answer: receipt('Their later flags open cases.'),
    refusals: { 404: ['flagger-not-isolated'] },
  })
  releaseFlagger(@Param() { id }: IdParam, @Query() { reason }: ReleaseFlaggerQuery, @Context() context: Context) {
    return this.receipt(new ReleaseFlagger().with({ context, flaggedBy: id, reason }));
  }
}
