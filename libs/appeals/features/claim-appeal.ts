import { Controller, Delete, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Type } from 'class-transformer';
import type { Static } from 'typebox';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsInteger } from '../../http/field-rules.js';
import { closed, count, instant, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { type AppealClaim, appealStream } from '../appeal.js';
import { claimAppeal, releaseAppeal } from '../hearing.js';
import { APPEAL_ID, HEARERS } from '../queries/appeal-fields.js';
import { AppealFactsReader } from './appeal-facts.js';

export interface ClaimedAppeal extends CommandResult {
  claim: AppealClaim;
}

export class ClaimAppeal extends RequestCommand<ClaimedAppeal> {
  declare readonly appealId: string;
}

@CommandHandler(ClaimAppeal)
export class ClaimAppealHandler implements ICommandHandler<ClaimAppeal> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(AppealFactsReader) private readonly facts: AppealFactsReader,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async execute({ appealId, context }: ClaimAppeal): Promise<ClaimedAppeal> {
    const by = { appealId, reviewer: context.actor.id, leaseMs: this.settings.claimLeaseMs };
    const result = await this.transactor.transact(
      appealStream,
      appealId,
      context,
      (state, facts) => claimAppeal(state, { ...by, now: this.clock.now() }, facts),
      () => this.facts.forHearing(appealId, by.reviewer),
    );
    return { ...commandResult(result), claim: result.state.claim! };
  }
}

export class ReleaseAppeal extends RequestCommand {
  declare readonly appealId: string;
  declare readonly token: number | undefined;
}

export const ReleaseAppealHandler = decisionHandler(
  ReleaseAppeal,
  appealStream,
  (state, { appealId, token, context }) => releaseAppeal(state, { appealId, token, reviewer: context.actor.id }),
  ({ appealId }) => appealId,
);

/** The fencing token of a claim. */
export const IsAppealToken = () => IsInteger('The fencing token of the claim.', 1, Number.MAX_SAFE_INTEGER);

export class AppealTokenQuery {
  @IfGiven()
  @Type(() => Number)
  @IsAppealToken()
  token?: number;
}

const AppealClaimAnswer = closed({
  appealId: text('The appeal.'),
  reviewer: text('The reviewer who claimed it.'),
  until: instant('When the claim ends.'),
  token: count('The fencing token of the claim, which the appeal’s next claim makes invalid.'),
  ...writeReceiptFields,
});
export type AppealClaimAnswer = Static<typeof AppealClaimAnswer>;

@Controller('v1/appeals')
export class ClaimAppealController extends CommandRoute {
  constructor(@Inject(CommandBus) commands: CommandBus) {
    super(commands);
  }

  @Post(':id/claim')
  @HttpCode(200)
  @Roles(...HEARERS)
  @Operation(
    'Reserves an appeal for the caller for a limited time; a repeat renews the claim once half of it is over',
    {
      description:
        'Refused to people who took part in the decision: who flagged the image, gave a verdict, ordered the measure, decided an earlier appeal, or are linked to the account. While they hold the claim, the reviewer may reveal the content of the case.',
      fields: { id: APPEAL_ID },
      answer: answer('AppealClaim', 'The appeal is reserved.', AppealClaimAnswer, {
        appealId: 'img-1',
        reviewer: 'rev-2',
        until: '2022-05-20T10:05:00.000Z',
        token: 1,
        position: '1050',
      }),
      refusals: {
        404: ['appeal-unknown'],
        409: [
          ...['appeal-decided', 'appeal-claimed', 'own-account', 'linked-account', 'own-flag', 'took-part'],
          ...['case-parked', 'image-parked'],
        ],
        503: ['not-caught-up'],
      },
    },
  )
  async claimAppeal(@Param() { id }: IdParam, @Context() context: Context): Promise<AppealClaimAnswer> {
    const result = await this.commands.execute(new ClaimAppeal().with({ context, appealId: id }));
    const { reviewer, until, token } = result.claim;
    return { appealId: id, reviewer, until: toIso(until), token, ...writeReceipt(result) };
  }

  @Delete(':id/claim')
  @Roles(...HEARERS)
  @Operation('Releases an appeal that the caller has claimed', {
    fields: { id: APPEAL_ID },
    answer: receipt('Released, or not claimed by the caller with this token.'),
    refusals: { 404: ['appeal-unknown'] },
  })
  releaseAppeal(@Param() { id }: IdParam, @Query() { token }: AppealTokenQuery, @Context() context: Context) {
    return this.receipt(new ReleaseAppeal().with({ context, appealId: id, token }));
  }
}
