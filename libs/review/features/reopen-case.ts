import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsReason } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { SETTINGS } from '../../platform/ports.js';
import { caseStream } from '../case.js';
import { reopenCase } from '../claim-decisions.js';
import { CASE_ID } from '../queries/case-fields.js';
import { LEADS } from '../queries/reviewing-roles.js';

export class ReopenCase extends RequestCommand {
  @IsReason('Why. No personal data.')
  reason!: string;

  declare readonly caseId: string;
}

@CommandHandler(ReopenCase)
export class ReopenCaseHandler implements ICommandHandler<ReopenCase> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async execute({ caseId, reason, context }: ReopenCase): Promise<CommandResult> {
    const reopening = { caseId, reason, by: context.actor.id, panelSize: this.settings.reviewPanel };
    return commandResult(
      await this.transactor.transact(caseStream, caseId, context, (state) => reopenCase(state, reopening)),
    );
  }
}

@Controller('v1/cases')
export class ReopenCaseController extends CommandRoute {
  @Post(':id/reopen')
  @HttpCode(200)
  @Roles(...LEADS)
  @Operation('Opens a closed case for review again, in a new round', {
    description: 'Its verdicts are given anew. A case that is confirmed stays confirmed.',
    fields: { id: CASE_ID },
    example: { reason: 'the clause was clarified' },
    answer: receipt('The case is open.'),
    refusals: { 404: ['case-unknown'], 409: ['case-confirmed'] },
  })
  reopenCase(@Param() { id }: IdParam, @Body() reopening: ReopenCase, @Context() context: Context) {
    return this.receipt(reopening.with({ context, caseId: id }));
  }
}
