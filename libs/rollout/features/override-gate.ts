import { Body, Controller, Delete, HttpCode, Param, Post, Query } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsEntityId, IsInstant, IsReason, Means } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { approveOverride, endOverride, LONGEST_OVERRIDE_DAYS, proposeOverride } from '../gate-override.js';
import { rolloutStream } from '../rollout.js';

const OVERRIDING = ['expand', 'hold'] as const;

export class ProposeOverride extends RequestCommand {
  @IsEntityId('A new id, which the approval names.')
  overrideId!: string;

  @IsIn(OVERRIDING)
  @Means(
    'What is to hold instead of what the gate decides: `hold` frees admissions from a brake, `expand` supports a raise.',
  )
  outcome!: (typeof OVERRIDING)[number];

  @IsReason('Why.')
  reason!: string;

  @IsInstant(`When it ends, at most ${LONGEST_OVERRIDE_DAYS} days from now.`)
  until!: string;
}

export class ApproveOverride extends RequestCommand {
  declare readonly overrideId: string;
}

export class EndOverride extends RequestCommand {
  declare readonly reason: string;
}

class EndQuery {
  @IsReason('Why.')
  reason!: string;
}

export const ProposeOverrideHandler = decisionHandler(
  ProposeOverride,
  rolloutStream,
  ({ gate }, { overrideId, outcome, reason, until, context }, now) =>
    proposeOverride(gate, { overrideId, outcome, reason, until }, context.actor.id, now),
);

export const ApproveOverrideHandler = decisionHandler(
  ApproveOverride,
  rolloutStream,
  ({ gate }, { overrideId, context }, now) => approveOverride(gate, overrideId, context.actor.id, now),
);

export const EndOverrideHandler = decisionHandler(EndOverride, rolloutStream, ({ gate }, { reason }, now) =>
  endOverride(gate, reason, now),
);

@Controller('v1/gate')
export class OverrideGateController extends CommandRoute {
  @Post('overrides')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Proposes to override the gate until a time; nothing changes until another person approves', {
    example: {
      overrideId: 'o-1',
      outcome: 'hold',
      reason: 'reviewers of a partner help out',
      until: '2022-06-20T09:00:00.000Z',
    },
    answer: receipt('Proposed.'),
    refusals: { 409: ['override-in-force', 'override-known'] },
  })
  proposeOverride(@Body() proposal: ProposeOverride, @Context() context: Context) {
    return this.receipt(proposal.with({ context }));
  }

  @Post('overrides/:id/approval')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Approves an override that another person proposed: it is in force until it ends', {
    fields: { id: 'The override.' },
    answer: receipt('In force.'),
    refusals: { 404: ['override-unknown'], 409: ['same-person'] },
  })
  approveOverride(@Param() { id }: IdParam, @Context() context: Context) {
    return this.receipt(new ApproveOverride().with({ context, overrideId: id }));
  }

  @Delete('override')
  @Roles('operator', 'administrator')
  @Operation('Ends the override in force, and a proposal; a repeat changes nothing', {
    answer: receipt('None is in force.'),
  })
  endOverride(@Query() { reason }: EndQuery, @Context() context: Context) {
    return this.receipt(new EndOverride().with({ context, reason }));
  }
}
