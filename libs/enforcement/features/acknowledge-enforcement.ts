import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { type CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { MaxLength } from 'class-validator';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsLabel, Means } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { positionOf } from '../../http/position-text.js';
import { Context } from '../../http/request-context.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import { InvalidInput, PositionGone } from '../../kernel/errors.js';
import { acknowledgeEnforcement } from '../acknowledging.js';
import { enforcementStream } from '../enforcement.js';
import { EnforcementAcknowledged } from '../events.js';
import { type Targets, targetsStream } from '../targets.js';

export class AcknowledgeEnforcement extends RequestCommand {
  declare readonly id: string;

  @IsLabel('The name of the registered target that has carried it out.')
  target!: string;

  @Means(
    'The position up to which the target has applied the log; an acknowledgement from before the order is refused. Needed once the order was reversed or replaced.',
  )
  @IfGiven()
  @MaxLength(40)
  position?: string;
}

@CommandHandler(AcknowledgeEnforcement)
export class AcknowledgeEnforcementHandler implements ICommandHandler<AcknowledgeEnforcement> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  async execute({ id, target, position, context }: AcknowledgeEnforcement): Promise<CommandResult> {
    const upTo = position === undefined ? undefined : positionOf(position, 'position', this.epoch.current);
    const result = await this.transactor.transact(
      enforcementStream,
      id,
      context,
      (state, targets: Targets) => acknowledgeEnforcement(state, { id, target, upTo }, targets),
      async () => (await this.transactor.load(targetsStream, undefined)).state,
    );
    return commandResult(result);
  }
}

/** Handles an EnforcementAcknowledged event of a target. */
export const acknowledgeEnforcementInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: EnforcementAcknowledged,
    keys: ({ caseId, enforcementId }) => [`enforcement:${enforcementId ?? caseId}`],
    handle({ caseId, enforcementId, target, position }, context) {
      const id = enforcementId ?? caseId;
      if (id === undefined)
        throw new InvalidInput([{ field: '/data', message: 'must have the caseId or the enforcementId of its order' }]);
      const command = Object.assign(new AcknowledgeEnforcement(), { id, target, position, context });
      return commands.execute(command).catch((error) => {
        // Of another log: it can't be accepted, however often it is sent.
        if (error instanceof PositionGone)
          throw new InvalidInput([{ field: '/data/position', message: error.message }]);
        throw error;
      });
    },
  });

@Controller('v1/enforcements')
export class AcknowledgeEnforcementController extends CommandRoute {
  @Post(':id/acknowledgements')
  @HttpCode(200)
  @Roles('service', 'administrator')
  @Operation('Says that a target has carried out an enforcement, or its reversal; a repeat changes nothing', {
    fields: { id: 'The case, or the id of a decision by hand.' },
    example: { target: 'session-service', position: '1043' },
    answer: receipt('Acknowledged.'),
    refusals: {
      404: ['enforcement-unknown', 'target-unknown'],
      409: ['acknowledgement-outdated', 'acknowledgement-without-position'],
      410: ['position-gone'],
    },
  })
  acknowledgeEnforcement(
    @Param() { id }: IdParam,
    @Body() acknowledgement: AcknowledgeEnforcement,
    @Context() context: Context,
  ) {
    return this.receipt(acknowledgement.with({ id, context }));
  }
}
