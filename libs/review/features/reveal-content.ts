import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { type Static, Type } from 'typebox';
import { AuditTrail } from '../../audit/index.js';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsReason, Means } from '../../http/field-rules.js';
import { closed, count, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { ImagePrompts } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { caseStream } from '../case.js';
import { CASE_ID } from '../queries/case-fields.js';
import { FlagCommentsReader } from '../queries/flag-comments.js';
import { checkReveal, REVEAL_LEVELS, type RevealLevel } from '../reveal.js';
import { CaseFactsReader } from './case-facts.js';
import { REVIEWERS } from './reviewing-roles.js';

const LEVEL = 'What to read: the prompt of the image, or what people wrote when they flagged it.';

const RevealedAnswer = closed({
  caseId: text('The case.'),
  level: oneOf(REVEAL_LEVELS, LEVEL),
  prompt: Type.Optional(orNull(text('The prompt; null if it is unknown or was erased.'))),
  comments: Type.Optional(
    list(
      closed({
        flagId: text('The id of the flag’s event.'),
        flaggedBy: text('Who flagged.'),
        comment: text('What they wrote.'),
      }),
      'The comments on the flags of the round, oldest first.',
    ),
  ),
  unavailable: count(
    'How many texts can’t be read any more: their person was erased, or, with EventStoreDB, the flag is older than 32 days.',
  ),
  position: position('The position of the event that records this.'),
});
export type RevealedAnswer = Static<typeof RevealedAnswer>;

export class RevealContent extends RequestCommand<RevealedAnswer> {
  @IsIn(REVEAL_LEVELS)
  @Means(LEVEL)
  level!: RevealLevel;

  @IsReason('Why. Recorded with the reader’s name; no personal data.')
  reason!: string;

  declare readonly caseId: string;
}

@CommandHandler(RevealContent)
export class RevealContentHandler implements ICommandHandler<RevealContent> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CaseFactsReader) private readonly facts: CaseFactsReader,
    @Inject(ImagePrompts) private readonly prompts: ImagePrompts,
    @Inject(FlagCommentsReader) private readonly comments: FlagCommentsReader,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ caseId, level, reason, context }: RevealContent): Promise<RevealedAnswer> {
    const reviewer = context.actor.id;
    const facts = await this.facts.read(caseId, [reviewer]);
    const { state } = await this.transactor.load(caseStream, caseId);
    checkReveal(state, { caseId, reviewer, now: this.clock.now() }, facts);
    const recordedAt = await this.audit.record({ type: 'ContentViewed', data: { caseId, level, reason } }, context);
    return { caseId, level, ...(await this.read(caseId, level)), position: String(recordedAt) };
  }

  private async read(
    caseId: string,
    level: RevealLevel,
  ): Promise<Pick<RevealedAnswer, 'prompt' | 'comments' | 'unavailable'>> {
    if (level === 'comments') return this.comments.ofCase(caseId);
    const { text: prompt, isErased } = await this.prompts.find(caseId);
    return { prompt, unavailable: Number(isErased) };
  }
}

@Controller('v1/cases')
export class RevealContentController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post(':id/reveals')
  @HttpCode(200)
  @Roles(...REVIEWERS)
  @Operation('Shows the prompt or the comments of a case to the reviewer who has claimed it', {
    description: 'Each call is recorded in the log before it is answered: who read what, and why.',
    fields: { id: CASE_ID },
    example: { level: 'prompt', reason: 'the image alone is ambiguous' },
    answer: answer('Revealed', 'The texts.', RevealedAnswer, {
      caseId: 'img-1',
      level: 'prompt',
      prompt: 'an astronaut riding a horse',
      unavailable: 0,
      position: '1046',
    }),
    refusals: {
      404: ['case-unknown'],
      409: ['case-not-claimed', 'own-flag', 'own-image', 'image-parked', 'case-parked'],
      503: ['not-caught-up'],
    },
  })
  revealContent(
    @Param() { id }: IdParam,
    @Body() reveal: RevealContent,
    @Context() context: Context,
  ): Promise<RevealedAnswer> {
    return this.commands.execute(reveal.with({ context, caseId: id }));
  }
}
