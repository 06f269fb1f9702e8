import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK } from '../../platform/ports.js';
import { IsolatedFlags } from './isolated-flags.js';

@Injectable()
export class IsolationGauge implements OnModuleInit {
  constructor(
    @Inject(IsolatedFlags) private readonly flags: IsolatedFlags,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.metrics.readGauge('isolated_flaggers', 'Flaggers whose flags are kept apart', [], async () => [
      { value: await this.flags.flaggers(this.clock.now()) },
    ]);
  }
}
