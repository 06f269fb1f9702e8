import { Body, Controller, Param, Put } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreLabels, AreNames, IdParam, IsReason, IsSet } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { LEADS } from '../queries/reviewing-roles.js';
import { reviewerStream, setSkills } from '../reviewer.js';
import { MAX_LANGUAGES } from '../reviewer-events.js';
import { REVIEWER } from './edited-reviewer.js';

export class SetSkills extends EditCommand {
  declare readonly reviewer: string;

  @IsSet(0, 20)
  @AreLabels('The skills, instead of those before.')
  skills!: string[];

  @IsSet(0, MAX_LANGUAGES)
  @AreNames('The languages, like `cy`, instead of those before.')
  languages!: string[];

  @IsReason('Why.')
  reason!: string;
}

export const SetSkillsHandler = editHandler(
  SetSkills,
  reviewerStream,
  REVIEWER,
  (state, { reviewer, skills, languages, reason }) => setSkills(state, { reviewer, skills, languages, reason }),
);

@Controller('v1/reviewers')
export class SetSkillsController extends CommandRoute {
  @Put(':id/skills')
  @Edits('/v1/reviewers/:id')
  @Roles(...LEADS)
  @Operation('Records the skills and languages of a reviewer, which queues may need', {
    fields: { id: 'The reviewer.' },
    example: { skills: ['severe'], languages: ['en', 'cy'], reason: 'trained in May' },
    answer: receipt('They are recorded.'),
  })
  setSkills(
    @Param() { id }: IdParam,
    @Body() skills: SetSkills,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(skills.with({ context, ifMatch, reviewer: id }));
  }
}
