import { applyDecorators, Body, Controller, Delete, Param, Put, Query } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInstant, IsReason } from '../../http/field-rules.js';
import { Condition, IF_MATCH, IfMatch } from '../../http/if-match.js';
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

class RuleCommand extends RequestCommand {
  declare readonly rule: ImageRule;
  declare readonly cohortId?: string | undefined;
  declare readonly ifMatch: IfMatch;

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

/** A command about a rule that was changed after its sender had read it changes nothing. */
const ifUnchanged =
  (decide: Decide) =>
  (state: ImageRules, { rule, cohortId, reason, from, until, ifMatch }: RuleCommand, now: number) => {
    const scope = { rule, cohortId };
    const events = decide(state, { ...scope, reason, from: msOf(from), until: msOf(until) }, now);
    return ifMatch.allow(events, ruleOf(state, scope)?.changedAt ?? 0, `the rule ${rule}`);
  };

export const SetImageRuleHandler = decisionHandler(SetImageRule, imageRulesStream, ifUnchanged(setImageRule));
export const LiftImageRuleHandler = decisionHandler(LiftImageRule, imageRulesStream, ifUnchanged(liftImageRule));

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
  @Roles('operator', 'administrator')
  @Operation('Puts a rule about images into force, for everyone or for one cohort; a repeat changes nothing', {
    description: 'The change for a cohort goes before the one for everyone.',
    headers: IF_MATCH,
    example: { reason: 'the preview begins', from: '2032-06-01T00:00:00Z' },
    answer: receipt('Set.'),
    refusals: { 409: ['rule-over'], 412: ['changed-meanwhile'] },
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
  @Roles('operator', 'administrator')
  @Operation('Lifts a rule about images, for everyone or for one cohort; a repeat changes nothing', {
    description: 'The change for a cohort goes before the one for everyone.',
    headers: IF_MATCH,
    answer: receipt('Lifted.'),
    refusals: { 409: ['rule-over'], 412: ['changed-meanwhile'] },
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
