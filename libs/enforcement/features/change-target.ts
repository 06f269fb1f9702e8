import { Body, Controller, Delete, Param, Put, Query } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsInteger, IsLabel, IsReason, IsSet, Means } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { CONSEQUENCES, type Consequence, MAX_SECONDS } from '../target-events.js';
import { registerTarget, removeTarget, type Targets, targetChangedAt, targetsStream } from '../targets.js';

export class TargetParam {
  @IsLabel('The name of the target, a lower-case label like `session-service`.')
  name!: string;
}

export class SetTarget extends EditCommand {
  declare readonly name: string;

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

export class RemoveTarget extends EditCommand {
  declare readonly name: string;
  declare readonly reason: string;
}

const EDITED = {
  what: ({ name }: { name: string }) => `the target ${name}`,
  changedAt: (state: Targets, { name }: { name: string }) => targetChangedAt(state, name),
};

export const SetTargetHandler = editHandler(
  SetTarget,
  targetsStream,
  EDITED,
  (state, { name, consequences, deadlineSeconds, retrySeconds, reason }) =>
    registerTarget(state, { name, consequences, deadlineSeconds, retrySeconds, reason }),
);

export const RemoveTargetHandler = editHandler(RemoveTarget, targetsStream, EDITED, (state, { name, reason }) =>
  removeTarget(state, { name, reason }),
);

@Controller('v1/enforcement-targets')
export class ChangeTargetController extends CommandRoute {
  @Put(':name')
  @Edits('/v1/enforcement-targets/:name')
  @Roles('operator', 'administrator')
  @Operation('Registers a system that acknowledges enforcements, or changes its terms; a repeat changes nothing', {
    description:
      'It is asked about enforcements that are ordered from then on. Sessions, API keys, galleries and notifications are such systems.',
    example: {
      consequences: ['suspend', 'deactivate'],
      deadlineSeconds: 60,
      retrySeconds: 60,
      reason: 'sessions end with the account',
    },
    answer: receipt('Registered.'),
    refusals: { 409: ['too-many-targets'] },
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
  @Edits('/v1/enforcement-targets/:name')
  @Roles('operator', 'administrator')
  @Operation(
    'Removes a system that acknowledges enforcements: nothing waits for it any more; a repeat changes nothing',
    {
      answer: receipt('Removed.'),
      refusals: { 404: ['target-unknown'] },
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
