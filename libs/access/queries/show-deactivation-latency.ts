import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Type as ToType } from 'class-transformer';
import type pg from 'pg';
import type { Static } from 'typebox';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInteger } from '../../http/field-rules.js';
import { closed, count, orNull } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { POOL } from '../../platform/ports.js';

const MAX_DAYS = 90;

const quantiles = (description: string) =>
  orNull(closed({ p50: count('The median, in ms.'), p95: count('In ms.'), p99: count('In ms.') }, description));

export const DeactivationLatencyAnswer = closed({
  days: count('Over how many last days.'),
  verdicts: count('Confirmed reviews that a decision point has applied.'),
  firstDenial: quantiles('From the storing of the verdict until the first decision point denied; null without any.'),
  everywhere: quantiles('Until every decision point that reported it denied; null without any.'),
});
export type DeactivationLatencyAnswer = Static<typeof DeactivationLatencyAnswer>;

export class ShowDeactivationLatency extends Query<DeactivationLatencyAnswer> {
  @IfGiven()
  @ToType(() => Number)
  @IsInteger('Over how many last days; 7 by default.', 1, MAX_DAYS)
  days: number = 7;
}

export const QUANTILES = [0.5, 0.95, 0.99];
const LATENCIES = `
  SELECT count(*)::int AS verdicts, percentile_cont($2::float8[]) WITHIN GROUP (ORDER BY first) AS first,
         percentile_cont($2::float8[]) WITHIN GROUP (ORDER BY last) AS last
  FROM (
    SELECT greatest(0, extract(epoch FROM min(applied_at) - stored_at) * 1000)::float8 AS first,
           greatest(0, extract(epoch FROM max(applied_at) - stored_at) * 1000)::float8 AS last
    FROM access.applied_decisions
    WHERE is_review AND stored_at > now() - $1 * interval '1 day' GROUP BY position, stored_at
  ) decisions`;

interface Latencies {
  verdicts: number;
  /** Of each quantile, in milliseconds; null without verdicts. */
  first: number[] | null;
  last: number[] | null;
}

export const deactivationLatencies = async (pool: pg.Pool, days: number): Promise<Latencies> =>
  (await pool.query(LATENCIES, [days, QUANTILES])).rows[0];

@QueryHandler(ShowDeactivationLatency)
export class ShowDeactivationLatencyHandler implements IQueryHandler<ShowDeactivationLatency> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ days }: ShowDeactivationLatency): Promise<DeactivationLatencyAnswer> {
    const { verdicts, first, last } = await deactivationLatencies(this.pool, days);
    return { days, verdicts, firstDenial: shown(first), everywhere: shown(last) };
  }
}

function shown(values: number[] | null): DeactivationLatencyAnswer['everywhere'] {
  if (values === null) return null;
  const [p50, p95, p99] = values.map(Math.round);
  return { p50: p50!, p95: p95!, p99: p99! };
}

const example: DeactivationLatencyAnswer = {
  days: 7,
  verdicts: 42,
  firstDenial: { p50: 4, p95: 12, p99: 30 },
  everywhere: { p50: 9, p95: 25, p99: 80 },
};

@Controller('v1/metrics')
export class DeactivationLatencyController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get('deactivation-latency')
  @Roles('operator', 'lead', 'compliance', 'administrator')
  @Operation('How long after a verdict its account was denied, at the first decision point and at all of them', {
    answer: answer('DeactivationLatency', 'The latencies.', DeactivationLatencyAnswer, example),
  })
  showDeactivationLatency(@QueryParameters() query: ShowDeactivationLatency): Promise<DeactivationLatencyAnswer> {
    return this.queries.execute(query);
  }
}
