import { Body, Controller, Inject, Param, Put } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, EditCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import type { CommandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreLabels, AreNames, IdParam, IsReason, IsSet } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Position } from '../../kernel/envelope.js';
import { reviewerStream, SEVERE_SKILL, setSkills } from '../reviewer.js';
import { MAX_LANGUAGES } from '../reviewer-events.js';
import { changedAtOf, changedBefore, setSevereSkill, severeViewersStream } from '../severe-viewers.js';
import { recordedAbout } from './edited-reviewer.js';

export class SetSkills extends EditCommand {
  declare readonly reviewer: string;

  @IsSet(0, 20)
  @AreLabels('The skills, instead of those before. Only administrators grant and revoke `severe`.')
  skills!: string[];

  @IsSet(0, MAX_LANGUAGES)
  @AreNames('The languages, like `cy`, instead of those before.')
  languages!: string[];

  @IsReason('Why.')
  reason!: string;
}

/**
 * Two streams: who is interrupted between them repeats the command, of which one half is a no-op then. What the first half has
 * changed is no change that their `If-Match` would have to know.
 */
@CommandHandler(SetSkills)
export class SetSkillsHandler implements ICommandHandler<SetSkills> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute(command: SetSkills): Promise<CommandResult> {
    const { reviewer, skills, languages, reason, context } = command;
    const known = <Event>(events: readonly Event[], changedAt: Position, before: Position) =>
      command.ifMatch?.allow(events, changedAt, recordedAbout(reviewer), before) ?? events;
    const how = { isWanted: skills.includes(SEVERE_SKILL), mayGrant: context.actor.role === 'administrator' };
    const { changedAt: before } = await this.transactor.load(reviewerStream, reviewer);
    let [severeAt, severeBefore] = [0, 0];
    const severe = await this.transactor.transact(severeViewersStream, undefined, context, (viewers) => {
      const change = { person: reviewer, reason };
      severeAt = changedAtOf(viewers, reviewer);
      severeBefore = changedBefore(viewers, change, context.actor.id);
      const at = Math.max(before, severeAt);
      return known(setSevereSkill(viewers, change, how), at, at);
    });
    const others = await this.transactor.transact(reviewerStream, reviewer, context, (state, _, changedAt) =>
      known(
        setSkills(state, { reviewer, skills, languages, reason }),
        Math.max(changedAt, severeAt),
        Math.max(changedAt, severeBefore),
      ),
    );
    return {
      changed: severe.events.length + others.events.length > 0,
      position: Math.max(others.position, changedAtOf(severe.state, reviewer)),
    };
  }
}

@Controller('v1/reviewers')
export class SetSkillsController extends CommandRoute {
  @Put(':id/skills')
  @Edits('/v1/reviewers/:id')
  // A person who is both acts as an administrator, who may grant `severe`.
  @Roles('administrator', 'lead')
  @Operation('Records the skills and languages of a reviewer, which queues may need', {
    description:
      'The skill `severe` is reserved: only reviewers who have it may claim cases that name a clause of the highest severity and look at their images. A change of it by others than administrators is refused; PUT and DELETE /v1/severe-viewers/{id} change it alone.',
    fields: { id: 'The reviewer.' },
    example: { skills: ['medical'], languages: ['en', 'cy'], reason: 'trained in May' },
    answer: receipt('They are recorded.'),
    refusals: { 409: ['skill-reserved'] },
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
