import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import { atMostEach } from '../../kernel/at-most-each.js';
import type { Clock } from '../../kernel/clock.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { deactivationLatencies, QUANTILES } from './show-deactivation-latency.js';

/** A percentile needs every value, so a scrape gets figures that may be so old. */
const MAX_AGE_MS = 60_000;
const DAYS = 7;

/** The first denial of `GET /v1/metrics/deactivation-latency`. Every process reports the same values, up to a minute apart. */
@Injectable()
export class DeactivationLatencyGauge implements OnModuleInit {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.metrics.readGauge(
      'deactivation_latency_seconds',
      'Time from storing a confirmation until the first decision point denied its account, of the last seven days',
      ['quantile'],
      atMostEach(MAX_AGE_MS, this.clock, async () => {
        const { first } = await deactivationLatencies(this.pool, DAYS);
        return (first ?? []).map((ms, n) => ({ labels: { quantile: String(QUANTILES[n]) }, value: ms / 1000 }));
      }),
    );
  }
}
