import { Body, Controller, Put } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreObjects, IfGiven, IsInteger, IsLabel, IsReason, Means } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type AdmissionPlan, admissionPlanStream, setClassPlan } from '../admission-plan.js';
import type { ClassPlan } from '../class-plan.js';
import { MOST_CLASSES, MOST_SHARE, PLAN_MODES } from '../plan-events.js';

export const PLAN = { what: () => 'the admission plan', changedAt: ({ changedAt }: AdmissionPlan) => changedAt };

export class ClassShare {
  @IsLabel('The class; `others` are all that are not named. `staff` always come first, and `hold-out` never.')
  class!: string;

  @IfGiven()
  @IsInteger('Its weight, or per cent; 0 closes it. Absent in a strict order.', 0, MOST_SHARE)
  share?: number;
}

export class SetClassPlan extends EditCommand {
  @Means('`order`: one class after the other; `weights`; `quotas`: per cent, of which classes not named get the rest.')
  @IsIn(PLAN_MODES)
  mode!: ClassPlan['mode'];

  @AreObjects(ClassShare, 0, MOST_CLASSES, 'The classes in their order; none for the order of joining.')
  classes!: ClassShare[];

  @IsReason('Why.')
  reason!: string;
}

export const SetClassPlanHandler = editHandler(
  SetClassPlan,
  admissionPlanStream,
  PLAN,
  (state, { mode, classes, reason }) => setClassPlan(state, { mode, classes }, reason),
);

@Controller('v1/rollout')
export class SetClassPlanController extends CommandRoute {
  @Put('plan/classes')
  @Edits('/v1/rollout/plan')
  @Roles('operator', 'administrator')
  @Operation('Sets how the classes of the waitlist share the places of cohorts', {
    description:
      'Inside a class, first come first served. Over all cohorts that the plan fills, no class is a whole place away from its exact share, unless too few of it wait: others then get its places. A cohort that is being onboarded keeps the plan that it began with.',
    example: { mode: 'quotas', classes: [{ class: 'artists', share: 20 }], reason: 'the artist programme' },
    answer: receipt('The next cohort is shared so.'),
  })
  setClassPlan(@Body() plan: SetClassPlan, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(plan.with({ context, ifMatch }));
  }
}
