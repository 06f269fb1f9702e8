import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK } from '../../platform/ports.js';
import type { Estimate, Prevalence } from '../prevalence.js';
import { type PrevalenceFigures, PrevalenceReport } from './prevalence-report.js';

/** The counters of all days are read, so a scrape gets figures that may be so old. */
const MAX_AGE_MS = 60_000;

/** What the sample says, up to a minute old. Every process reports the same values. */
@Injectable()
export class PrevalenceGauges implements OnModuleInit {
  private known: { at: number; figures: Promise<PrevalenceFigures> } | undefined;

  constructor(
    @Inject(PrevalenceReport) private readonly report: PrevalenceReport,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

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
    if (!found) return [];
    return (['value', 'low', 'high'] as const).map((bound) => ({ labels: { ...labels, bound }, value: found[bound] }));
  }

  /** All gauges of a scrape share one reading. */
  private figures(): Promise<PrevalenceFigures> {
    const now = this.clock.now();
    if (!this.known || now - this.known.at >= MAX_AGE_MS || now < this.known.at) {
      const figures = this.report.read();
      this.known = { at: now, figures };
      // The next scrape tries again.
      figures.catch(() => (this.known = undefined));
    }
    return this.known.figures;
  }
}
