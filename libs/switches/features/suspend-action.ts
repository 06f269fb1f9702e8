import { Body, Controller, Param, Put, Query } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInstant, IsReason } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type SwitchedAction } from '../events.js';
import { SwitchParam, SwitchQuery } from '../queries/switch-scope.js';
import { suspendAction, switchesStream } from '../switches.js';
import { SWITCH } from './edited-switch.js';

export class SuspendAction extends EditCommand {
  declare readonly action: SwitchedAction;
  declare readonly cohortId?: string | undefined;

  @IsReason('The reason, for other operators.')
  reason!: string;

  @IfGiven()
  @IsInstant('When the action is allowed again by itself (RFC 3339); without it, once an operator resumes it.')
  until?: string;
}

export const SuspendActionHandler = editHandler(SuspendAction, switchesStream, SWITCH, (state, command, now) => {
  const { action, cohortId, reason, until } = command;
  const end = until === undefined ? undefined : Date.parse(until);
  return suspendAction(state, { action, cohortId, reason, until: end }, now);
});

@Controller('v1/switches')
export class SuspendActionController extends CommandRoute {
  @Put(':action')
  @Edits('/v1/switches/:action')
  @Roles('operator', 'administrator')
  @Operation('Suspends an action for everyone or for one cohort, or changes the reason or the end of its suspension', {
    description:
      'Every gateway denies the action once it has read the position of the answer, at the latest after the allowed staleness. While `join` is suspended, nobody new is added to the waitlist; that holds as soon as this request is answered.',
    example: { reason: 'the filter lets violent prompts pass', until: '2032-06-01T00:00:00Z' },
    answer: receipt('Suspended.'),
    refusals: { 409: ['suspension-over'] },
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
