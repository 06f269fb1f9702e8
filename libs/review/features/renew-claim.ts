import { Body, Controller, Inject, Param, Put } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { caseStream } from '../case.js';
import { renewClaim } from '../claim-decisions.js';
import { CASE_ID } from '../queries/case-fields.js';
import { REVIEWERS } from '../queries/reviewing-roles.js';
import { type ClaimAnswer, type Claimed, claimAnswer, claimed, IsClaimToken } from './claim-answer.js';

export class RenewClaim extends RequestCommand<Claimed> {
  @IsClaimToken()
  token!: number;

  declare readonly caseId: string;
}

@CommandHandler(RenewClaim)
export class RenewClaimHandler implements ICommandHandler<RenewClaim> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async execute({ caseId, token, context }: RenewClaim): Promise<Claimed> {
    const use = { caseId, token, reviewer: context.actor.id, leaseMs: this.settings.claimLeaseMs };
    const result = await this.transactor.transact(caseStream, caseId, context, (state) =>
      renewClaim(state, { ...use, now: this.clock.now() }),
    );
    return { ...commandResult(result), claim: result.state.claim! };
  }
}

@Controller('v1/cases')
export class RenewClaimController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Put(':id/claim')
  @Roles(...REVIEWERS)
  @Operation('Extends the caller’s claim on a case', {
    description:
      'Changes nothing while more than half of the lease is left. A claim whose lease has ended can be renewed until somebody else claims the case.',
    fields: { id: CASE_ID },
    example: { token: 1 },
    answer: claimAnswer('The claim lasts until then.'),
    refusals: { 404: ['case-unknown'], 409: ['claim-lost'] },
  })
  async renewClaim(
    @Param() { id }: IdParam,
    @Body() renewal: RenewClaim,
    @Context() context: Context,
  ): Promise<ClaimAnswer> {
    return claimed(id, await this.commands.execute(renewal.with({ context, caseId: id })));
  }
}
