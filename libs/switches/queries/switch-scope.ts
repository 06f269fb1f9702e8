import { IsIn } from 'class-validator';
import { IfGiven, IsEntityId, Means } from '../../http/field-rules.js';
import { SWITCHED_ACTIONS, type SwitchedAction } from '../events.js';

/* The switch of a route: /v1/switches/{action}?cohortId=… */

export class SwitchParam {
  @Means('The action.')
  @IsIn(SWITCHED_ACTIONS)
  action!: SwitchedAction;
}

export class SwitchQuery {
  @IfGiven()
  @IsEntityId('The cohort that it concerns; everyone if absent. It need not exist yet.')
  cohortId?: string;
}
