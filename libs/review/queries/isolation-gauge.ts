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

  /** It has no value while its view is not built or the database is unavailable. */
  onModuleInit(): void {
    this.metrics.gauge('isolated_flaggers', 'Flaggers whose flags are kept apart', [], async (gauge) => {
      await this.flags.flaggers(this.clock.now()).then(
        (flaggers) => gauge.set(flaggers),
        () => gauge.remove(),
      );
    });
  }
}
