import { Controller, Delete, Param, Query } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsReason } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type SwitchedAction } from '../events.js';
import { SwitchParam, SwitchQuery } from '../queries/switch-scope.js';
import { resumeAction, switchesStream } from '../switches.js';
import { SWITCH } from './edited-switch.js';

export class ResumeAction extends EditCommand {
  declare readonly action: SwitchedAction;
  declare readonly cohortId?: string | undefined;
  declare readonly reason: string;
}

export const ResumeActionHandler = editHandler(
  ResumeAction,
  switchesStream,
  SWITCH,
  (state, { action, cohortId, reason }, now) => resumeAction(state, { action, cohortId, reason }, now),
);

export class ResumeQuery extends SwitchQuery {
  @IsReason('The reason, for other operators.')
  reason!: string;
}

@Controller('v1/switches')
export class ResumeActionController extends CommandRoute {
  @Delete(':action')
  @Edits('/v1/switches/:action')
  @Roles('operator', 'administrator')
  @Operation('Resumes an action that was suspended for everyone or for one cohort; a repeat changes nothing', {
    answer: receipt('Resumed.'),
  })
  resumeAction(
    @Param() { action }: SwitchParam,
    @Query() { cohortId, reason }: ResumeQuery,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(new ResumeAction().with({ action, cohortId, reason, ifMatch, context }));
  }
}
