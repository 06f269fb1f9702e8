import { Body, Controller, Delete, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Type } from 'class-transformer';
import type { Static } from 'typebox';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { type Load, Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsInteger } from '../../http/field-rules.js';
import { closed, count, instant, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { type Appeal, type AppealClaim, appealStream } from '../appeal.js';
import { APPEAL_CONFLICTS } from '../conflict.js';
import { claimAppeal, releaseAppeal, renewAppealClaim } from '../hearing.js';
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
      (load: Load<Appeal>) => this.facts.forHearing(appealId, by.reviewer, load),
    );
    return { ...commandResult(result), claim: result.state.claim! };
  }
}

/** The fencing token of a claim. */
const TOKEN = 'The fencing token of the claim, which the appeal’s next claim makes invalid.';
export const IsAppealToken = () => IsInteger(TOKEN, 1, Number.MAX_SAFE_INTEGER);

export class RenewAppealClaim extends RequestCommand<ClaimedAppeal> {
  @IsAppealToken()
  token!: number;

  declare readonly appealId: string;
}

@CommandHandler(RenewAppealClaim)
export class RenewAppealClaimHandler implements ICommandHandler<RenewAppealClaim> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async execute({ appealId, token, context }: RenewAppealClaim): Promise<ClaimedAppeal> {
    const use = { appealId, token, reviewer: context.actor.id, leaseMs: this.settings.claimLeaseMs };
    const result = await this.transactor.transact(appealStream, appealId, context, (state) =>
      renewAppealClaim(state, { ...use, now: this.clock.now() }),
    );
    return { ...commandResult(result), claim: result.state.claim! };
  }
}

export class ReleaseAppeal extends RequestCommand {
  declare readonly appealId: string;
  declare readonly token: number;
}

export const ReleaseAppealHandler = decisionHandler(
  ReleaseAppeal,
  appealStream,
  (state, { appealId, token, context }) => releaseAppeal(state, { appealId, token, reviewer: context.actor.id }),
  ({ appealId }) => appealId,
);

export class AppealTokenQuery {
  @Type(() => Number)
  @IsAppealToken()
  token!: number;
}

export const AppealClaimAnswer = closed({
  appealId: text('The appeal.'),
  reviewer: text('The reviewer who claimed it.'),
  until: instant('When the claim ends.'),
  token: count(TOKEN),
  ...writeReceiptFields,
});
export type AppealClaimAnswer = Static<typeof AppealClaimAnswer>;

export const appealClaimExample: AppealClaimAnswer = {
  appealId: 'img-1',
  reviewer: 'rev-2',
  until: '2022-05-20T10:05:00.000Z',
  token: 1,
  position: '1050',
};

const claimAnswer = (description: string) => answer('AppealClaim', description, AppealClaimAnswer, appealClaimExample);

export const claimedAppeal = (appealId: string, result: ClaimedAppeal): AppealClaimAnswer => {
  const { reviewer, until, token } = result.claim;
  return { appealId, reviewer, until: toIso(until), token, ...writeReceipt(result) };
};

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
      answer: claimAnswer('The appeal is reserved.'),
      refusals: {
        404: ['appeal-unknown'],
        409: [
          ...[
            'appeal-decided',
            'appeal-reserved',
            'appeal-claimed',
            ...APPEAL_CONFLICTS,
            'case-parked',
            'image-parked',
          ],
        ],
        503: ['not-caught-up'],
      },
    },
  )
  async claimAppeal(@Param() { id }: IdParam, @Context() context: Context): Promise<AppealClaimAnswer> {
    return claimedAppeal(id, await this.commands.execute(new ClaimAppeal().with({ context, appealId: id })));
  }

  @Put(':id/claim')
  @Roles(...HEARERS)
  @Operation('Extends the caller’s claim on an appeal', {
    description:
      'Changes nothing while more than half of the lease is left. A claim whose lease has ended can be renewed until somebody else claims the appeal.',
    fields: { id: APPEAL_ID },
    example: { token: 1 },
    answer: claimAnswer('The claim lasts until then.'),
    refusals: { 404: ['appeal-unknown'], 409: ['appeal-decided', 'claim-lost'] },
  })
  async renewAppealClaim(
    @Param() { id }: IdParam,
    @Body() renewal: RenewAppealClaim,
    @Context() context: Context,
  ): Promise<AppealClaimAnswer> {
    return claimedAppeal(id, await this.commands.execute(renewal.with({ context, appealId: id })));
  }

  @Delete(':id/claim')
  @Roles(...HEARERS)
  @Operation('Releases an appeal that the caller has claimed; a repeat changes nothing', {
    fields: { id: APPEAL_ID },
    answer: receipt('Released, or not claimed by the caller with this token.'),
    refusals: { 404: ['appeal-unknown'] },
  })
  releaseAppeal(@Param() { id }: IdParam, @Query() { token }: AppealTokenQuery, @Context() context: Context) {
    return this.receipt(new ReleaseAppeal().with({ context, appealId: id, token }));
  }
}
