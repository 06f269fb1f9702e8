import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { closed, instant, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { caseStream } from '../case.js';
import { CASE_ID } from '../queries/case-fields.js';
import { claimCase } from '../review-decisions.js';
import { CaseFactsReader } from './case-facts.js';

export interface Claimed extends CommandResult {
  /** When the claim ends, in epoch milliseconds. */
  until: number;
}

export class ClaimCase extends RequestCommand<Claimed> {
  declare readonly caseId: string;
}

@CommandHandler(ClaimCase)
export class ClaimCaseHandler implements ICommandHandler<ClaimCase> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CaseFactsReader) private readonly facts: CaseFactsReader,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async execute({ caseId, context }: ClaimCase): Promise<Claimed> {
    const reviewer = context.actor.id;
    const leaseMs = this.settings.claimLeaseMs;
    const result = await this.transactor.transact(
      caseStream,
      caseId,
      context,
      (state, facts) => claimCase(state, { caseId, reviewer, now: this.clock.now(), leaseMs }, facts),
      () => this.facts.read(caseId, [reviewer]),
    );
    return { ...commandResult(result), until: result.state.claim!.until };
  }
}

const ClaimAnswer = closed({
  caseId: text('The case.'),
  reviewer: text('The reviewer who claimed it.'),
  until: instant('When the claim ends.'),
  ...writeReceiptFields,
});
export type ClaimAnswer = Static<typeof ClaimAnswer>;

@Controller('v1/cases')
export class ClaimCaseController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post(':id/claim')
  @HttpCode(200)
  @Roles('reviewer', 'administrator')
  @Operation('Reserves a case for the caller for a limited time', {
    fields: { id: CASE_ID },
    answer: answer('Claim', 'The case is reserved.', ClaimAnswer, {
      caseId: 'img-1',
      reviewer: 'rev-1',
      until: '2022-05-19T10:15:00.000Z',
      position: '1045',
    }),
    refusals: {
      404: ['case-unknown'],
      409: [
        'case-not-open',
        'own-flag',
        'own-image',
        'already-reviewed',
        'case-claimed',
        'image-parked',
        'case-parked',
      ],
      503: ['not-caught-up'],
    },
  })
  async claimCase(@Param() { id }: IdParam, @Context() context: Context): Promise<ClaimAnswer> {
    const claimed = await this.commands.execute(new ClaimCase().with({ context, caseId: id }));
    return { caseId: id, reviewer: context.actor.id, until: toIso(claimed.until), ...writeReceipt(claimed) };
  }
}
