import { Body, Controller, HttpCode, Inject, Optional, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { type Load, Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsReason } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { APPEAL_HEARINGS, type AppealHearings } from '../appeal-hearings.js';
import { type Case, caseStream } from '../case.js';
import { reopenCase } from '../claim-decisions.js';
import { CASE_ID } from '../queries/case-fields.js';
import { LEADS } from '../queries/reviewing-roles.js';
import { alsoRouted, routedByNewest } from './case-routing.js';
import { RoutingFactsReader } from './routing-facts.js';

export class ReopenCase extends RequestCommand {
  @IsReason('Why. No personal data.')
  reason!: string;

  declare readonly caseId: string;
}

@CommandHandler(ReopenCase)
export class ReopenCaseHandler implements ICommandHandler<ReopenCase> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(RoutingFactsReader) private readonly routing: RoutingFactsReader,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Optional() @Inject(APPEAL_HEARINGS) private readonly appeals?: AppealHearings,
  ) {}

  async execute({ caseId, reason, context }: ReopenCase): Promise<CommandResult> {
    const reopening = { caseId, reason, by: context.actor.id, panelSize: this.settings.reviewPanel };
    const { transactor, routing } = this;
    const time = toIso(this.clock.now());
    const reopened = await transactor.transact(
      caseStream,
      caseId,
      { ...context, time },
      (state, { isAppealOpen, ...facts }) =>
        alsoRouted(state, caseId, reopenCase(state, reopening, isAppealOpen), facts, time),
      async (load: Load<Case>) => {
        // Read first: what is filed after it meets a case that is open again.
        const isAppealOpen = (await this.appeals?.statusOf(caseId)) === 'open';
        return { isAppealOpen, ...(await routing.read(await load())) };
      },
    );
    const { position } = await routedByNewest(transactor, routing, reopened, caseId, context);
    return { ...commandResult(reopened), position };
  }
}

@Controller('v1/cases')
export class ReopenCaseController extends CommandRoute {
  @Post(':id/reopen')
  @HttpCode(200)
  @Roles(...LEADS)
  @Operation('Opens a closed case for review again, in a new round', {
    description:
      'Its verdicts are given anew. What a confirmed case has led to stays in force until the new round decides, in which nobody judges who took part in the confirmation: confirmed again, it stays, and another clause puts its measure in the place of the first; anything else undoes all of it, as a granted appeal does.',
    fields: { id: CASE_ID },
    example: { reason: 'the clause was clarified' },
    answer: receipt('The case is open.'),
    refusals: { 404: ['case-unknown'], 409: ['appeal-open'] },
  })
  reopenCase(@Param() { id }: IdParam, @Body() reopening: ReopenCase, @Context() context: Context) {
    return this.receipt(reopening.with({ context, caseId: id }));
  }
}
