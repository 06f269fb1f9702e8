import { Body, Controller, HttpCode, Post, Put } from '@nestjs/common';
import { CommandRoute, decisionHandler, EditCommand, editHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsFlag, IsInteger, IsName, IsReason, IsTitle, IsWithin } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { changeDetector, changeModel, setGateLimit, setGateParameters } from '../gate-stage.js';
import { type Rollout, rolloutStream } from '../rollout.js';

const STAYS = 'Left out, it stays.';
const LEAST_SHARE = 1e-9;

/** What commands about the gate edit; a change of the rate is none. */
const GATE = { what: () => 'the gate', changedAt: ({ gate }: Rollout) => gate.changedAt };

export class SetGateLimit extends EditCommand {
  @IsWithin(
    'The share of exposed images with a violation that reviews find, which must not be reached.',
    LEAST_SHARE,
    0.5,
  )
  limit!: number;

  @IsReason('Why.')
  reason!: string;
}

export class SetGateParameters extends EditCommand {
  @IfGiven()
  @IsWithin(`The chance that the rollout ever raises its rate wrongly. ${STAYS}`, LEAST_SHARE, 0.5)
  alpha?: number;

  @IfGiven()
  @IsInteger(`After how many days an exposure counts, so that its flags have had time to come. ${STAYS}`, 0, 365)
  labelDelayDays?: number;

  @IfGiven()
  @IsWithin(`At most this share of violations is flagged later, or reopened. ${STAYS}`, 0, 0.99)
  lateShare?: number;

  @IfGiven()
  @IsWithin(`At least this share of violations is ever found. ${STAYS}`, 0.01, 1)
  recallLower?: number;

  @IfGiven()
  @IsInteger(`How many days of an account count, from its onboarding. ${STAYS}`, 1, 365)
  accountDays?: number;

  @IfGiven()
  @IsInteger(`How many violations of one account count: the most that one can make. ${STAYS}`, 1, 1000)
  accountCap?: number;

  @IfGiven()
  @IsFlag(`Whether it is to open near 0.8 of the limit, and later far below it. ${STAYS}`)
  isNearLimit?: boolean;

  @IfGiven()
  @IsInteger(`The stages of the ramp plan, which share alpha evenly; 0 for no plan. ${STAYS}`, 0, 1000)
  plannedStages?: number;

  @IfGiven()
  @IsWithin(`A raise needs the expected cases to fit in this share of what reviewers can decide. ${STAYS}`, 0.01, 1)
  mostLoad?: number;

  @IfGiven()
  @IsWithin(`A raise waits while more cases wait than reviewers can decide in so many days. ${STAYS}`, LEAST_SHARE, 365)
  mostWaitingDays?: number;

  @IfGiven()
  @IsWithin(
    `Admissions stop while more cases wait than reviewers can decide in so many days. ${STAYS}`,
    LEAST_SHARE,
    365,
  )
  brakingDays?: number;

  @IfGiven()
  @IsInteger(`Admissions stop if no image was exposed for so many days although some were before. ${STAYS}`, 1, 365)
  silenceDays?: number;

  @IsReason('Why.')
  reason!: string;
}

export class ChangeDetector extends RequestCommand {
  @IsTitle('Which detector it is now, with its version or threshold.')
  detector!: string;

  @IsReason('Why.')
  reason!: string;
}

export class ChangeModel extends RequestCommand {
  @IsName('The model and its version.')
  model!: string;

  @IsReason('Why.')
  reason!: string;
}

export const SetGateLimitHandler = editHandler(SetGateLimit, rolloutStream, GATE, ({ gate }, { limit, reason }) =>
  setGateLimit(gate, limit, reason),
);

export const SetGateParametersHandler = editHandler(SetGateParameters, rolloutStream, GATE, ({ gate }, given) => {
  const { alpha, labelDelayDays, lateShare, recallLower, accountDays, accountCap, isNearLimit } = given;
  const { mostLoad, mostWaitingDays, brakingDays, silenceDays } = given;
  const changes = {
    ...{ alpha, labelDelayDays, lateShare, recallLower, accountDays, accountCap, isNearLimit },
    ...{ mostLoad, mostWaitingDays, brakingDays, silenceDays },
  };
  const plan = given.plannedStages === undefined ? {} : { plannedStages: given.plannedStages || null };
  return setGateParameters(gate, { ...changes, ...plan }, given.reason);
});

export const ChangeModelHandler = decisionHandler(ChangeModel, rolloutStream, ({ gate }, { model, reason }) =>
  changeModel(gate, model, reason),
);

export const ChangeDetectorHandler = decisionHandler(ChangeDetector, rolloutStream, ({ gate }, { detector, reason }) =>
  changeDetector(gate, detector, reason),
);

const BEGINS = 'The gate begins a stage with new evidence, which may spend less of alpha than the one before.';

@Controller('v1/gate')
export class SetGateController extends CommandRoute {
  @Put('limit')
  @Edits('/v1/gate')
  @Roles('operator', 'administrator')
  @Operation('Sets the violation rate that must not be reached', {
    description: BEGINS,
    example: { limit: 0.00015, reason: 'as published' },
    answer: receipt('The limit is in force.'),
  })
  setGateLimit(@Body() limit: SetGateLimit, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(limit.with({ context, ifMatch }));
  }

  @Put('parameters')
  @Edits('/v1/gate')
  @Roles('operator', 'administrator')
  @Operation('Sets how the gate tests its evidence', {
    description: BEGINS,
    example: { labelDelayDays: 14, lateShare: 0.01, reason: 'flags come later than we thought' },
    answer: receipt('The parameters are in force.'),
  })
  setGateParameters(@Body() parameters: SetGateParameters, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(parameters.with({ context, ifMatch }));
  }

  @Post('model-changes')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Records that the image service uses another model from now on', {
    description: BEGINS,
    example: { model: 'dalle-2.1', reason: 'a better filter of the training data' },
    answer: receipt('Recorded.'),
  })
  changeModel(@Body() change: ChangeModel, @Context() context: Context) {
    return this.receipt(change.with({ context }));
  }

  @Post('detector-changes')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Records that a detector of violations works otherwise from now on', {
    description: BEGINS,
    example: { detector: 'nudity 3, threshold 0.8', reason: 'it missed drawings' },
    answer: receipt('Recorded.'),
  })
  changeDetector(@Body() change: ChangeDetector, @Context() context: Context) {
    return this.receipt(change.with({ context }));
  }
}
