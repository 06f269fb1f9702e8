import { IsIn } from 'class-validator';
import { IfGiven, IsEntityId, Means } from '../../http/field-rules.js';
import { IMAGE_RULES, type ImageRule } from '../events.js';

/* The rule of a route: /v1/image-rules/{rule}?cohortId=… */

export class RuleParam {
  @Means('The rule.')
  @IsIn(IMAGE_RULES)
  rule!: ImageRule;
}

export class RuleQuery {
  @IfGiven()
  @IsEntityId('The cohort that it concerns; everyone if absent. It need not exist yet.')
  cohortId?: string;
}
