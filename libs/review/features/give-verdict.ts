import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type { Static } from 'typebox';
import { type Load, Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsFlag, IsInteger, IsLabel, IsPersonalText, Means } from '../../http/field-rules.js';
import { closed, instant, oneOf, orNull, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import { type Clock, DAY_MS, toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { type Case, caseStream, isOurs, type Verdict } from '../case.js';
import { CONFLICTS } from '../conflict-of-interest.js';
import { VERDICTS, VerdictGiven } from '../events.js';
import { sourceOf } from '../outside-source.js';
import { CASE_ID } from '../queries/case-fields.js';
import { REVIEWERS } from '../queries/reviewing-roles.js';
import { giveVerdict, type ImportVerdict, type GiveVerdict as OurVerdict } from '../verdict-decisions.js';
import { CaseFactsReader } from './case-facts.js';
import { IsClaimToken } from './claim-answer.js';

export interface Judged extends CommandResult {
  status: Case['status'];
  /** Until when the verdict can be taken back, in epoch milliseconds; absent if it can’t. */
  finalAt?: number;
}

/** A verdict of ours, or of an outside tool. */
export class JudgeCase extends Command<Judged> {
  constructor(
    readonly verdict: Omit<OurVerdict, 'now'> | Omit<ImportVerdict, 'now'>,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(JudgeCase)
export class JudgeCaseHandler implements ICommandHandler<JudgeCase> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CaseFactsReader) private readonly facts: CaseFactsReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ verdict, context }: JudgeCase): Promise<Judged> {
    const { caseId, reviewer } = verdict;
    const result = await this.transactor.transact(
      caseStream,
      caseId,
      context,
      (state, facts) => giveVerdict(state, { ...verdict, now: this.clock.now() }, facts),
      (load: Load<Case>) => this.facts.read(caseId, [reviewer], { isDeciding: true, load }),
    );
    const { status, verdicts } = result.state;
    const finalAt = status === 'open' ? verdicts.find((one) => isOurs(one, reviewer))?.finalAt : undefined;
    return { ...commandResult(result), status, ...(finalAt !== undefined && { finalAt }) };
  }
}

/** Handles a VerdictGiven event of an external review tool. */
export const giveVerdictInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: VerdictGiven,
    keys: ({ caseId }) => [`case:${caseId}`],
    handle: ({ finalAt: _, ...data }, context) =>
      commands.execute(new JudgeCase({ ...data, reviewerSource: sourceOf(context) }, context)),
  });

export class GiveVerdict {
  @IsClaimToken()
  token!: number;

  @IsIn(VERDICTS)
  @Means(
    'The reviewer’s judgement. `model-problem`: the model did wrong, as with a biased image for a harmless prompt; that counts against nobody.',
  )
  verdict!: Verdict;

  @IfGiven()
  @IsLabel('The clause of the content policy that the image violates; needed for `unsafe`, and only for it.')
  clause?: string;

  @IfGiven()
  @IsPersonalText(2000, 'Why the image violates it; needed for `unsafe`. Stored encrypted under a key of the reviewer.')
  rationale?: string;

  @IfGiven()
  @IsFlag('Of a `model-problem`: whether nobody may share, download or flag the image any more.')
  withhold?: boolean;

  @IfGiven()
  @IsPersonalText(2000, 'A note. Stored encrypted under a key of the reviewer.')
  note?: string;

  @IfGiven()
  @IsInteger('How long the reviewer looked, in milliseconds.', 0, DAY_MS)
  answerTimeMs?: number;
}

const VerdictAnswer = closed({
  caseId: text('The case.'),
  status: oneOf(
    ['none', 'open', 'confirmed', 'dismissed', 'model-problem', 'overturned'],
    'The status of the case after the verdict.',
  ),
  finalAt: orNull(instant('Until when the caller can take the verdict back; null if they can’t.')),
  ...writeReceiptFields,
});
export type VerdictAnswer = Static<typeof VerdictAnswer>;

@Controller('v1/cases')
export class GiveVerdictController {
  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Post(':id/verdicts')
  @HttpCode(200)
  @Roles(...REVIEWERS)
  @Operation('Records the caller’s verdict; the last verdict of the panel decides the case', {
    description:
      'The caller has claimed the case. A strict majority of `unsafe` verdicts confirms the case and deactivates the account, one of `model-problem` closes it without consequences for the account (the image is withheld if most of those say `withhold`), and any other result dismisses it. `unsure` decides nothing: the case stays open for another reviewer. A repeat changes nothing; another verdict by the same person, and one on a case that others have decided, is refused. If a setting lets verdicts be taken back, the decision follows when they are final.',
    fields: { id: CASE_ID },
    example: { token: 1, verdict: 'unsafe', clause: 'violent', rationale: 'a wound in the lower left' },
    answer: answer('Verdict', 'The verdict is recorded.', VerdictAnswer, {
      caseId: 'img-1',
      status: 'confirmed',
      finalAt: null,
      position: '1047',
    }),
    refusals: {
      404: ['case-unknown'],
      409: [
        ...CONFLICTS,
        'already-reviewed',
        'case-not-open',
        'claim-lost',
        'clause-unknown',
        'image-owner-unknown',
        'image-parked',
        'case-parked',
      ],
      503: ['not-caught-up'],
    },
  })
  async giveVerdict(
    @Param() { id }: IdParam,
    @Body() verdict: GiveVerdict,
    @Context() context: Context,
  ): Promise<VerdictAnswer> {
    const { id: reviewer } = context.actor;
    const given = { ...verdict, caseId: id, reviewer, windowMs: this.settings.verdictWindowMs };
    const judged = await this.commands.execute(new JudgeCase(given, context));
    const finalAt = judged.finalAt === undefined ? null : toIso(judged.finalAt);
    return { caseId: id, status: judged.status, finalAt, ...writeReceipt(judged) };
  }
}
