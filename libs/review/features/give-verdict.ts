import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type { Static } from 'typebox';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsInteger, IsPersonalText, Means } from '../../http/field-rules.js';
import { closed, oneOf, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import { type Clock, DAY_MS } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { type Case, caseStream, type Verdict } from '../case.js';
import { VerdictGiven } from '../events.js';
import { sourceOf } from '../outside-source.js';
import { CASE_ID } from '../queries/case-fields.js';
import { giveVerdict } from '../review-decisions.js';
import { CaseFactsReader } from './case-facts.js';

export interface Judged extends CommandResult {
  status: Case['status'];
}

export class GiveVerdict extends RequestCommand<Judged> {
  @IsIn(['safe', 'unsafe', 'unsure'])
  @Means('The reviewer’s judgement.')
  verdict!: Verdict;

  @IfGiven()
  @IsPersonalText(2000, 'Why. Stored encrypted under a key of the reviewer.')
  note?: string;

  @IfGiven()
  @IsInteger('How long the reviewer looked, in milliseconds.', 0, DAY_MS)
  answerTimeMs?: number;

  declare readonly caseId: string;
  declare readonly reviewer: string;
  /** The other system that it is from: its panel may be larger, and its reviewers can't know of claims made here. */
  declare readonly reviewerSource?: string;
  declare readonly panelSize?: number;
}

@CommandHandler(GiveVerdict)
export class GiveVerdictHandler implements ICommandHandler<GiveVerdict> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CaseFactsReader) private readonly facts: CaseFactsReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute(given: GiveVerdict): Promise<Judged> {
    const { caseId, reviewer, context } = given;
    const result = await this.transactor.transact(
      caseStream,
      caseId,
      context,
      (state, facts) => giveVerdict(state, { ...given, now: this.clock.now() }, facts),
      () => this.facts.read(caseId, [reviewer]),
    );
    return { ...commandResult(result), status: result.state.status };
  }
}

/** Handles a VerdictGiven event of an external review tool. */
export const giveVerdictInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: VerdictGiven,
    keys: ({ caseId }) => [`case:${caseId}`],
    handle: (data, context) =>
      commands.execute(new GiveVerdict().with({ ...data, context, reviewerSource: sourceOf(context) })),
  });

const VerdictAnswer = closed({
  caseId: text('The case.'),
  status: oneOf(['none', 'open', 'confirmed', 'dismissed'], 'The status of the case after the verdict.'),
  ...writeReceiptFields,
});
export type VerdictAnswer = Static<typeof VerdictAnswer>;

@Controller('v1/cases')
export class GiveVerdictController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post(':id/verdicts')
  @HttpCode(200)
  @Roles('reviewer', 'administrator')
  @Operation('Records the caller’s verdict; the last verdict of the panel decides the case', {
    description:
      'A strict majority of `unsafe` verdicts confirms the case and deactivates the account; any other result dismisses the case. `unsure` decides nothing: the case stays open for another reviewer. A second verdict by the same person changes nothing.',
    fields: { id: CASE_ID },
    example: { verdict: 'unsafe', note: 'see the lower left' },
    answer: answer('Verdict', 'The verdict is recorded.', VerdictAnswer, {
      caseId: 'img-1',
      status: 'confirmed',
      position: '1047',
    }),
    refusals: {
      404: ['case-unknown'],
      409: ['own-flag', 'own-image', 'case-claimed', 'image-owner-unknown', 'image-parked', 'case-parked'],
      503: ['not-caught-up'],
    },
  })
  async giveVerdict(
    @Param() { id }: IdParam,
    @Body() verdict: GiveVerdict,
    @Context() context: Context,
  ): Promise<VerdictAnswer> {
    const command = verdict.with({ context, caseId: id, reviewer: context.actor.id });
    const judged = await this.commands.execute(command);
    return { caseId: id, status: judged.status, ...writeReceipt(judged) };
  }
}
