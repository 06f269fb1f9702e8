import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import {
  closed,
  count,
  flag,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { CONTENT_PROBLEMS } from '../../images/index.js';
import { toIso } from '../../kernel/clock.js';
import { CONFLICTS } from '../conflict-of-interest.js';
import { CASE_ID } from '../queries/case-fields.js';
import { PICTURE, sendPicture } from '../queries/picture-answer.js';
import { REVIEWERS } from '../queries/reviewing-roles.js';
import { REVEAL_LEVELS } from '../reveal.js';
import { LEVEL, RevealContent, type Revealed } from './reveal-content.js';

const RevealedAnswer = closed({
  caseId: text('The case.'),
  level: oneOf(REVEAL_LEVELS, LEVEL),
  prompt: Type.Optional(orNull(text('The prompt; null if it is unknown or was erased.'))),
  comments: Type.Optional(
    list(
      closed({
        flagId: text('The id of the flag’s event; for reviewers, one that stands for it.'),
        flaggedBy: text('Who flagged; for reviewers, a name that stands for them in this case.'),
        comment: text('What they wrote.'),
      }),
      'The comments on the flags of the round, oldest first.',
    ),
  ),
  notes: Type.Optional(
    list(
      closed({
        type: text('The type of the event.'),
        writtenBy: text('Who wrote it.'),
        at: instant('When.'),
        rationale: Type.Optional(text('Why the image violates the clause.')),
        note: Type.Optional(text('The note.')),
      }),
      'What those who worked on the case wrote about it, in all rounds, oldest first; of others’ verdicts only after the caller’s own.',
    ),
  ),
  unavailable: count(
    'How many texts can’t be read any more: their person was erased, or, with EventStoreDB, the flag is older than 32 days.',
  ),
  claimUntil: orNull(instant('When the claim ends, which this renewed; null for a lead who reads notes without one.')),
  breakAdvised: flag('Whether the caller should take a break: see GET /v1/reviewers/me/exposure.'),
  position: position('The position of the event that records this.'),
});
export type RevealedAnswer = Static<typeof RevealedAnswer>;

const example: RevealedAnswer = {
  caseId: 'img-1',
  level: 'prompt',
  prompt: 'an astronaut riding a horse',
  unavailable: 0,
  claimUntil: '2022-05-19T10:15:00.000Z',
  breakAdvised: false,
  position: '1046',
};

@Controller('v1/cases')
export class RevealContentController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post(':id/reveals')
  @HttpCode(200)
  @Roles(...REVIEWERS)
  @Operation('Shows the prompt, the comments, the notes or the image of a case to the reviewer who has claimed it', {
    description:
      'Each call is recorded in the log before it is answered: who looked at what, and why. It renews the claim. Leads may read notes without a claim, also of a closed case. Texts are answered as JSON, an image as such, with the other fields in the headers Gatehouse-Position, Gatehouse-Claim-Until and Gatehouse-Break-Advised. The image is decoded and encoded again, so that nothing else in its file is passed on. Images of a case that names a clause of the highest severity are shown only to leads to whom an administrator granted it.',
    fields: { id: CASE_ID },
    example: { level: 'prompt', reason: 'the image alone is ambiguous', token: 1 },
    answer: {
      description: 'The texts, or the image.',
      content: { ...answer('Revealed', '', RevealedAnswer, example).content, ...PICTURE },
    },
    refusals: {
      ...CONTENT_PROBLEMS,
      404: ['case-unknown', ...CONTENT_PROBLEMS[404]!],
      409: [
        'case-not-claimed',
        'claim-lost',
        ...CONFLICTS,
        'image-parked',
        'case-parked',
        'severe-content',
        ...CONTENT_PROBLEMS[409]!,
      ],
      503: ['not-caught-up', ...CONTENT_PROBLEMS[503]!],
    },
  })
  async revealContent(
    @Param() { id }: IdParam,
    @Body() reveal: RevealContent,
    @Context() context: Context,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const revealed: Revealed = await this.commands.execute(reveal.with({ context, caseId: id }));
    const { content, isBreakAdvised: breakAdvised } = revealed;
    const [position, claimUntil] = [
      String(revealed.position),
      revealed.claimUntil === null ? null : toIso(revealed.claimUntil),
    ];
    if ('texts' in content) {
      const texts: RevealedAnswer = {
        caseId: id,
        level: reveal.level,
        ...content.texts,
        claimUntil,
        breakAdvised,
        position,
      };
      reply.send(texts);
      return;
    }
    reply.headers({
      'gatehouse-position': position,
      'gatehouse-claim-until': claimUntil!,
      'gatehouse-break-advised': String(breakAdvised),
    });
    sendPicture(reply, content.picture);
  }
}
