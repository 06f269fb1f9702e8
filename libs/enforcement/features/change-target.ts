import { Body, Controller, Delete, Param, Put, Query } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsInteger, IsLabel, IsReason, IsSet, Means } from '../../http/field-rules.js';
import { Condition, IF_MATCH, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { CONSEQUENCES, type Consequence, MAX_SECONDS } from '../target-events.js';
import { registerTarget, removeTarget, targetChangedAt, targetsStream } from '../targets.js';

export class TargetParam {
  @IsLabel('The name of the target, a lower-case label like `session-service`.')
  name!: string;
}

export class SetTarget extends RequestCommand {
  declare readonly name: string;
  declare readonly ifMatch: IfMatch;

  @Means('What it carries out; `withhold` is about the image of a confirmed violation.')
  @IsSet(1, CONSEQUENCES.length)
  @IsIn(CONSEQUENCES, { each: true })
  consequences!: Consequence[];

  @IsInteger('Within how many seconds it acknowledges.', 1, MAX_SECONDS)
  deadlineSeconds!: number;

  @IsInteger('After how many seconds it is asked again, twice as many each further time.', 1, MAX_SECONDS)
  retrySeconds!: number;

  @IsReason('The reason, for other operators.')
  reason!: string;
}

export class TargetReason {
  @IsReason('The reason, for other operators.')
  reason!: string;
}

export class RemoveTarget extends RequestCommand {
  declare readonly name: string;
  declare readonly reason: string;
  declare readonly ifMatch: IfMatch;
}

export const SetTargetHandler = decisionHandler(
  SetTarget,
  targetsStream,
  (state, { name, consequences, deadlineSeconds, retrySeconds, reason, ifMatch }) =>
    ifMatch.allow(
      registerTarget(state, { name, consequences, deadlineSeconds, retrySeconds, reason }),
      targetChangedAt(state, name),
      `the target ${name}`,
    ),
);

export const RemoveTargetHandler = decisionHandler(RemoveTarget, targetsStream, (state, { name, reason, ifMatch }) =>
  ifMatch.allow(removeTarget(state, { name, reason }), targetChangedAt(state, name), `the target ${name}`),
);

@Controller('v1/enforcement-targets')
export class ChangeTargetController extends CommandRoute {
  @Put(':name')
  @Roles('operator', 'administrator')
  @Operation('Registers a system that acknowledges enforcements, or changes its terms; a repeat changes nothing', {
    description:
      'It is asked about enforcements that are ordered from then on. Sessions, API keys, galleries and notifications are such systems.',
    headers: IF_MATCH,
    example: {
      consequences: ['suspend', 'deactivate'],
      deadlineSeconds: 60,
      retrySeconds: 60,
      reason: 'sessions end with the account',
    },
    answer: receipt('Registered.'),
    refusals: { 409: ['too-many-targets'], 412: ['changed-meanwhile'] },
  })
  setTarget(
    @Param() { name }: TargetParam,
    @Body() target: SetTarget,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(target.with({ name, ifMatch, context }));
  }

  @Delete(':name')
  @Roles('operator', 'administrator')
  @Operation(
    'Removes a system that acknowledges enforcements: nothing waits for it any more; a repeat changes nothing',
    {
      headers: IF_MATCH,
      answer: receipt('Removed.'),
      refusals: { 412: ['changed-meanwhile'] },
    },
  )
  removeTarget(
    @Param() { name }: TargetParam,
    @Query() { reason }: TargetReason,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(new RemoveTarget().with({ name, reason, ifMatch, context }));
  }
}
