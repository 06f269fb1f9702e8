import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, count, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { foldRecorded } from '../../kernel/decider.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { admissionPlanStream } from '../admission-plan.js';
import { PLAN_MODES, WEEKDAYS } from '../plan-events.js';

export const PlanAnswer = closed({
  mode: oneOf(PLAN_MODES, 'How the classes share the places of cohorts.'),
  classes: list(
    closed({
      class: text('The class; `others` are all that are not named.'),
      share: Type.Optional(count('Its weight, or per cent; 0 closes it.')),
    }),
    'The classes in their order; none for the order of joining.',
  ),
  reason: orNull(text('Why it was set so; null until it is.')),
  schedule: orNull(
    closed(
      {
        timeZone: text('The time zone of the hours.'),
        days: list(oneOf(WEEKDAYS, 'A day.'), 'The days.'),
        hours: list(count('An hour.'), 'The hours at whose beginning a slice is admitted.'),
      },
      'When slices are admitted; null if there is no schedule.',
    ),
  ),
  shared: count('The places that were shared by it so far.'),
  etag: text('Also the header `ETag`. Send it as `If-Match` to set the plan only if nobody has changed it since.'),
  position: position('The position of the last event included.'),
});
export type PlanAnswer = Static<typeof PlanAnswer>;

export class ShowPlan extends Query<PlanAnswer> {}

@QueryHandler(ShowPlan)
export class ShowPlanHandler implements IQueryHandler<ShowPlan> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  async execute(): Promise<PlanAnswer> {
    const events = await this.store.readStream(admissionPlanStream.category);
    const state = foldRecorded(admissionPlanStream, events);
    const { classes, reason = null, schedule, shared, changedAt } = state;
    const etag = entityTagOf(changedAt, this.epoch.current);
    return {
      mode: classes.mode,
      classes: [...classes.classes],
      reason,
      schedule: schedule ? { ...schedule, days: [...schedule.days], hours: [...schedule.hours] } : null,
      shared,
      etag,
      position: String(events.at(-1)?.position ?? 0),
    };
  }
}

@Controller('v1/rollout')
export class ShowPlanController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get('plan')
  @FromLog()
  @AsOf()
  @Roles('operator', 'administrator', 'compliance')
  @Operation('How the classes of the waitlist share the places of cohorts, and when slices are admitted', {
    answer: answer('AdmissionPlan', 'The plan in force.', PlanAnswer, {
      mode: 'quotas',
      classes: [{ class: 'artists', share: 20 }],
      reason: 'the artist programme',
      schedule: { timeZone: 'Europe/London', days: ['monday', 'friday'], hours: [9, 15] },
      shared: 3000,
      etag: '"9c1f03ab55d2-7"',
      position: '7',
    }),
  })
  showPlan(): Promise<PlanAnswer> {
    return this.queries.execute(new ShowPlan());
  }
}
