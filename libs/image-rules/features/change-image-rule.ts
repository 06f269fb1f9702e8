import { applyDecorators, Body, Controller, Delete, Param, Put, Query } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInstant, IsReason } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { ImageRule, ImageRuleEvent } from '../events.js';
import {
  type ChangeImageRule,
  type ImageRules,
  imageRulesStream,
  liftImageRule,
  ruleOf,
  setImageRule,
} from '../image-rules.js';
import { RuleParam, RuleQuery } from '../queries/rule-scope.js';

/* The fields of a change: of the body that sets a rule, and of the query that lifts one. */
const IsWhy = () => IsReason('The reason, for other operators.');
const IsBegin = () => applyDecorators(IfGiven(), IsInstant('When the change begins (RFC 3339); without it, now.'));
const IsEnd = () =>
  applyDecorators(IfGiven(), IsInstant('When the change ends by itself (RFC 3339), and what held before does again.'));

class RuleCommand extends EditCommand {
  declare readonly rule: ImageRule;
  declare readonly cohortId?: string | undefined;

  @IsWhy()
  reason!: string;

  @IsBegin()
  from?: string;

  @IsEnd()
  until?: string;
}

export class SetImageRule extends RuleCommand {}
export class LiftImageRule extends RuleCommand {}

type Decide = (state: ImageRules, given: ChangeImageRule, now: number) => ImageRuleEvent[];

const msOf = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time));

const EDITED = {
  what: ({ rule }: RuleCommand) => `the rule ${rule}`,
  changedAt: (state: ImageRules, { rule, cohortId }: RuleCommand) => ruleOf(state, { rule, cohortId })?.changedAt ?? 0,
};

const given =
  (decide: Decide) =>
  (state: ImageRules, { rule, cohortId, reason, from, until }: RuleCommand, now: number) =>
    decide(state, { rule, cohortId, reason, from: msOf(from), until: msOf(until) }, now);

export const SetImageRuleHandler = editHandler(SetImageRule, imageRulesStream, EDITED, given(setImageRule));
export const LiftImageRuleHandler = editHandler(LiftImageRule, imageRulesStream, EDITED, given(liftImageRule));

export class LiftQuery extends RuleQuery {
  @IsWhy()
  reason!: string;

  @IsBegin()
  from?: string;

  @IsEnd()
  until?: string;
}

@Controller('v1/image-rules')
export class ChangeImageRuleController extends CommandRoute {
  @Put(':rule')
  @Edits('/v1/image-rules/:rule')
  @Roles('operator', 'administrator')
  @Operation('Puts a rule about images into force, for everyone or for one cohort; a repeat changes nothing', {
    description: 'The change for a cohort goes before the one for everyone.',
    example: { reason: 'the preview begins', from: '2032-06-01T00:00:00Z' },
    answer: receipt('Set.'),
    refusals: { 409: ['rule-over'] },
  })
  setImageRule(
    @Param() { rule }: RuleParam,
    @Query() { cohortId }: RuleQuery,
    @Body() change: SetImageRule,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(change.with({ rule, cohortId, ifMatch, context }));
  }

  @Delete(':rule')
  @Edits('/v1/image-rules/:rule')
  @Roles('operator', 'administrator')
  @Operation('Lifts a rule about images, for everyone or for one cohort; a repeat changes nothing', {
    description: 'The change for a cohort goes before the one for everyone.',
    answer: receipt('Lifted.'),
    refusals: { 409: ['rule-over'] },
  })
  liftImageRule(
    @Param() { rule }: RuleParam,
    @Query() change: LiftQuery,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(new LiftImageRule().with({ ...change, rule, ifMatch, context }));
  }
}
