import { Body, Controller, Param, Put, Query } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInstant, IsReason } from '../../http/field-rules.js';
import { Condition, IF_MATCH, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type SwitchedAction } from '../events.js';
import { SwitchParam, SwitchQuery } from '../queries/switch-scope.js';
import { suspendAction, switchesStream } from '../switches.js';
import { ifUnchanged } from './if-unchanged.js';

export class SuspendAction extends RequestCommand {
  declare readonly action: SwitchedAction;
  declare readonly cohortId?: string | undefined;
  declare readonly ifMatch: IfMatch;

  @IsReason('The reason, for other operators.')
  reason!: string;

  @IfGiven()
  @IsInstant('When the action is allowed again by itself (RFC 3339); without it, once an operator resumes it.')
  until?: string;
}

export const SuspendActionHandler = decisionHandler(SuspendAction, switchesStream, (state, command, now) => {
  const { action, cohortId, reason, until } = command;
  const end = until === undefined ? undefined : Date.parse(until);
  return ifUnchanged(state, command, suspendAction(state, { action, cohortId, reason, until: end }, now));
});

@Controller('v1/switches')
export class SuspendActionController extends CommandRoute {
  @Put(':action')
  @Roles('operator', 'administrator')
  @Operation('Suspends an action for everyone or for one cohort, or changes the reason or the end of its suspension', {
    description:
      'Every gateway denies the action once it has read the position of the answer, at the latest after the allowed staleness. While `join` is suspended, nobody new is added to the waitlist; that holds as soon as this request is answered.',
    headers: IF_MATCH,
    example: { reason: 'the filter lets violent prompts pass', until: '2032-06-01T00:00:00Z' },
    answer: receipt('Suspended.'),
    refusals: { 409: ['suspension-over'], 412: ['changed-meanwhile'] },
  })
  suspendAction(
    @Param() { action }: SwitchParam,
    @Query() { cohortId }: SwitchQuery,
    @Body() suspension: SuspendAction,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(suspension.with({ action, cohortId, ifMatch, context }));
  }
}
