import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Type as ToType } from 'class-transformer';
import type pg from 'pg';
import { AuditTrail } from '../../audit/index.js';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInteger } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { earlierMoment } from '../../kernel/earlier-moment.js';
import { inSnapshot } from '../../platform/database/in-transaction.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { admissionPlanStream } from '../admission-plan.js';
import { rolloutStream } from '../rollout.js';
import { CalibrationAnswer, calibrationExample } from './calibration-answer.js';
import { beginOf, CALIBRATION_SOURCES, type CalibrationPeriod, calibrationCounts } from './calibration-counts.js';

const MOST_WEEKS = 104;
const USUAL_WEEKS = 12;

export class ShowCalibration extends Query<Omit<CalibrationAnswer, 'position'>> {
  @IfGiven()
  @ToType(() => Number)
  @IsInteger(`How many weeks of history count; ${USUAL_WEEKS} by default.`, 1, MOST_WEEKS)
  weeks?: number;

  declare readonly context: CommandContext;
}

@QueryHandler(ShowCalibration)
export class ShowCalibrationHandler implements IQueryHandler<ShowCalibration> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What can't be recorded is not given out. @throws ViewNotBuilt, StoreUnavailable */
  async execute({ weeks = USUAL_WEEKS, context }: ShowCalibration): Promise<Omit<CalibrationAnswer, 'position'>> {
    const { state } = await this.transactor.load(rolloutStream, undefined);
    const { state: plan } = await this.transactor.load(admissionPlanStream, undefined);
    const { settings, stage } = state.gate;
    const now = this.clock.now();
    const { labelDelayDays } = settings;
    const { limit, ...parameters } = settings;
    const period = { now, weeks, labelDelayDays, ...(stage && { since: stage.since }) };
    const { waitingCases, verdictTimes, ...counts } = await this.counted(period);
    const [from, at] = [beginOf(period), toIso(now)];
    await this.audit.record({ type: 'TotalsRead', data: { from, until: at } }, context);
    const times: (number | null)[] = verdictTimes.times ?? [null, null];
    const [p50Ms, p95Ms] = times.map((ms) => (ms === null || !Number.isFinite(ms) ? null : Math.round(ms)));
    return {
      ...{ at, from, weeks, perWeek: state.perWeek ?? null },
      plan: { mode: plan.classes.mode, classes: [...plan.classes.classes] },
      gate: { limit, ...parameters },
      stage: stage ? { ordinal: stage.ordinal, at: stage.at } : null,
      ...counts,
      waitingCases,
      verdictTimes: { cases: verdictTimes.cases, waiting: verdictTimes.waiting, p50Ms: p50Ms!, p95Ms: p95Ms! },
    };
  }

  private counted(period: CalibrationPeriod) {
    // What was replayed for an earlier moment stays as it is.
    if (earlierMoment()) return calibrationCounts(this.pool, period);
    return inSnapshot(this.pool, (client) => calibrationCounts(client as unknown as pg.Pool, period));
  }
}

@Controller('v1/rollout/calibration')
export class ShowCalibrationController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(...CALIBRATION_SOURCES)
  @AsOf()
  @Roles('operator', 'administrator', 'compliance')
  @Operation('Totals of the rollout so far, from which `gatehouse simulate --from-log` fits a scenario', {
    description:
      'Totals by class, day and week only, no account and no image. They are counted at each call, from all people and the images of these weeks and of the stage: ask for them once in a while. Each call is recorded in the log before it is answered (`TotalsRead`).',
    answer: answer('Calibration', 'The totals.', CalibrationAnswer, calibrationExample),
  })
  showCalibration(
    @QueryParameters() query: ShowCalibration,
    @Context() context: Context,
  ): Promise<Omit<CalibrationAnswer, 'position'>> {
    return this.queries.execute(Object.assign(query, { context }));
  }
}
