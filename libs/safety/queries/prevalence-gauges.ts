import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { atMostEach } from '../../kernel/at-most-each.js';
import type { Clock } from '../../kernel/clock.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK } from '../../platform/ports.js';
import type { Estimate, Prevalence } from '../prevalence.js';
import { boundSamples } from './bound-samples.js';
import { type PrevalenceFigures, PrevalenceReport } from './prevalence-report.js';

/** The counters of all days are read, so a scrape gets figures that may be so old. */
const MAX_AGE_MS = 60_000;

/** What the sample says, up to a minute old. Every process reports the same values. */
@Injectable()
export class PrevalenceGauges implements OnModuleInit {
  /** All gauges of a scrape share one reading. */
  private readonly figures: () => Promise<PrevalenceFigures>;

  constructor(
    @Inject(PrevalenceReport) report: PrevalenceReport,
    @Inject(CLOCK) clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {
    this.figures = atMostEach(MAX_AGE_MS, clock, () => report.read());
  }

  onModuleInit(): void {
    const { metrics } = this;
    metrics.readGauge(
      'safety_sampled_images',
      'Images of the sample of prevalence, by status',
      ['status'],
      async () => {
        const { from, sample } = await this.figures();
        if (from === null) return [];
        const { chosen, decided, skipped } = sample;
        const counts = { decided, waiting: chosen - decided, skipped };
        return Object.entries(counts).map(([status, value]) => ({ labels: { status }, value }));
      },
    );
    metrics.readGauge(
      'safety_prevalence',
      'Share of exposed images that violate the content policy, estimated from the sample',
      ['bound'],
      async () => this.bounds((found) => found.prevalence),
    );
    metrics.readGauge(
      'safety_recall',
      'Share of the violations that flags, or detectors alone, find, estimated from the sample',
      ['of', 'bound'],
      async () => [
        ...(await this.bounds((found) => found.flagRecall, { of: 'flags' })),
        ...(await this.bounds((found) => found.detectorRecall, { of: 'detectors' })),
      ],
    );
  }

  private async bounds(read: (found: Prevalence) => Estimate | null, labels: Record<string, string> = {}) {
    const { estimate } = await this.figures();
    const found = estimate && read(estimate);
    return boundSamples(found, labels);
  }
}
