import { Controller, Delete, Param, Query } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsReason } from '../../http/field-rules.js';
import { Condition, IF_MATCH, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type SwitchedAction } from '../events.js';
import { SwitchParam, SwitchQuery } from '../queries/switch-scope.js';
import { resumeAction, switchesStream } from '../switches.js';
import { ifUnchanged } from './if-unchanged.js';

export class ResumeAction extends RequestCommand {
  declare readonly action: SwitchedAction;
  declare readonly cohortId?: string | undefined;
  declare readonly reason: string;
  declare readonly ifMatch: IfMatch;
}

export const ResumeActionHandler = decisionHandler(ResumeAction, switchesStream, (state, command, now) =>
  ifUnchanged(state, command, resumeAction(state, command, now)),
);

export class ResumeQuery extends SwitchQuery {
  @IsReason('The reason, for other operators.')
  reason!: string;
}

@Controller('v1/switches')
export class ResumeActionController extends CommandRoute {
  @Delete(':action')
  @Roles('operator', 'administrator')
  @Operation('Resumes an action that was suspended for everyone or for one cohort; a repeat changes nothing', {
    headers: IF_MATCH,
    answer: receipt('Resumed.'),
    refusals: { 412: ['changed-meanwhile'] },
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
