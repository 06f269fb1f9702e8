import { Body, Controller, Delete, Inject, Put, Query } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsName, IsReason, IsSet, Means } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import { fold } from '../../kernel/decider.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { admissionPlanStream, endSchedule, refuseDaily, setSchedule } from '../admission-plan.js';
import { takeEffect } from '../change-rollout.js';
import { WEEKDAYS } from '../plan-events.js';
import { rolloutStream } from '../rollout.js';
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
  declare readonly thenDaily: boolean;
}

export class EndScheduleQuery {
  @IsReason('Why.')
  reason!: string;

  @Means(
    'Confirms that a seventh of the rate is admitted at once, and every day from then on; needed if the rate is daily.',
  )
  @IfGiven()
  @IsIn(['true'])
  thenDaily?: 'true';
}

export const SetScheduleHandler = editHandler(SetSchedule, admissionPlanStream, PLAN, (state, given) => {
  const { timeZone, days, hours, reason } = given;
  return setSchedule(state, { timeZone, days, hours }, reason);
});

/** Whether the end of the schedule lets people in depends on the rate, which is another stream. */
@CommandHandler(EndSchedule)
export class EndScheduleHandler implements ICommandHandler<EndSchedule> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws ChangedMeanwhile; Refusal confirmation-needed */
  async execute({ reason, thenDaily, context, ifMatch }: EndSchedule): Promise<CommandResult> {
    const decided = await this.transactor.transact(
      admissionPlanStream,
      undefined,
      context,
      (plan, rollout) => {
        const events = endSchedule(plan, reason);
        ifMatch?.allow(events, PLAN.changedAt(plan), PLAN.what());
        if (events.length > 0 && !thenDaily) refuseDaily(rollout);
        return events;
      },
      async () => {
        const { state } = await this.transactor.load(rolloutStream, undefined);
        return fold(rolloutStream, takeEffect(state, this.clock.now(), this.settings), state);
      },
    );
    return commandResult(decided);
  }
}

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
  @Operation('Ends the schedule; a repeat changes nothing', {
    description: 'If the rate is daily, a seventh of it is admitted within seconds: that has to be confirmed.',
    answer: receipt('There is no schedule.'),
    refusals: { 409: ['confirmation-needed'] },
  })
  endSchedule(
    @Query() { reason, thenDaily }: EndScheduleQuery,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(new EndSchedule().with({ reason, thenDaily: thenDaily === 'true', ifMatch, context }));
  }
}
