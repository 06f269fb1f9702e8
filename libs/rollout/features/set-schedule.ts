import { Body, Controller, Delete, Put, Query } from '@nestjs/common';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsName, IsReason, IsSet, Means } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { admissionPlanStream, endSchedule, setSchedule } from '../admission-plan.js';
import { WEEKDAYS } from '../plan-events.js';
import type { Weekday } from '../schedule.js';
import { PLAN } from './set-class-plan.js';

export class SetSchedule extends EditCommand {
  @IsName('The time zone of the hours, as the IANA database names it.')
  timeZone!: string;

  @Means('The days.')
  @IsIn(WEEKDAYS, { each: true })
  @IsSet(1, 7)
  days!: Weekday[];

  @Means('The hours, 0 to 23, at whose beginning a slice is admitted.')
  @Max(23, { each: true })
  @Min(0, { each: true })
  @IsInt({ each: true })
  @IsSet(1, 24)
  hours!: number[];

  @IsReason('Why.')
  reason!: string;
}

export class EndSchedule extends EditCommand {
  declare readonly reason: string;
}

export class EndScheduleQuery {
  @IsReason('Why.')
  reason!: string;
}

export const SetScheduleHandler = editHandler(SetSchedule, admissionPlanStream, PLAN, (state, given) => {
  const { timeZone, days, hours, reason } = given;
  return setSchedule(state, { timeZone, days, hours }, reason);
});

export const EndScheduleHandler = editHandler(EndSchedule, admissionPlanStream, PLAN, (state, { reason }) =>
  endSchedule(state, reason),
);

@Controller('v1/rollout')
export class ScheduleController extends CommandRoute {
  @Put('plan/schedule')
  @Edits('/v1/rollout/plan')
  @Roles('operator', 'administrator')
  @Operation('Sets at which hours of the week slices of the rate are admitted', {
    description:
      'The slices of a week add up to the rate, and no two differ by more than one person. Before each one the gate is asked, so that one bad hour stops the next. An hour that the clocks leave out has no slice, one that comes twice has one. A slice whose hour passes without it is not made up for. While there is a schedule, the rate’s `daily` admits nobody.',
    example: {
      timeZone: 'Europe/London',
      days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
      hours: [9, 11, 13, 15],
      reason: 'while reviewers are there',
    },
    answer: receipt('The schedule is in force.'),
  })
  setSchedule(@Body() schedule: SetSchedule, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(schedule.with({ context, ifMatch }));
  }

  @Delete('plan/schedule')
  @Edits('/v1/rollout/plan')
  @Roles('operator', 'administrator')
  @Operation('Ends the schedule; a repeat changes nothing', { answer: receipt('There is no schedule.') })
  endSchedule(@Query() { reason }: EndScheduleQuery, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(new EndSchedule().with({ reason, ifMatch, context }));
  }
}
