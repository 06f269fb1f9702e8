import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Metrics } from '../../platform/metrics/metrics.js';
import { Waitlist } from './waitlist.js';

/** How many people wait. Every process reports the same values. */
@Injectable()
export class WaitlistGauge implements OnModuleInit {
  constructor(
    @Inject(Waitlist) private readonly waitlist: Waitlist,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.metrics.readGauge(
      'waitlist_people',
      'People in the line: `waiting` can be chosen, `unconfirmed` have to confirm their address first',
      ['status'],
      async () => {
        const { waiting, unconfirmed } = await this.waitlist.counts();
        return [
          { value: waiting, labels: { status: 'waiting' } },
          { value: unconfirmed, labels: { status: 'unconfirmed' } },
        ];
      },
    );
  }
}
