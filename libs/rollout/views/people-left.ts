import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { EventStore } from '../../event-store/event-store.js';
import type { EventOf } from '../../messaging/event-definition.js';
import { EVENT_STORE, POOL } from '../../platform/ports.js';
import { Waitlist } from '../../waitlist/index.js';
import type { CohortAdmitted } from '../events.js';
import { ONBOARDING } from '../processes/onboarding-reaction.js';
import { rolloutStream } from '../rollout.js';

/** Who waits, less those that cohorts admitted already are about to take. */
@Injectable()
export class PeopleLeft {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Waitlist) private readonly waitlist: Waitlist,
  ) {}

  /**
   * As of everything stored so far; rather too few than too many where a cohort of another class is being filled.
   * @throws StoreUnavailable when the waitlist's view is too far behind to tell
   */
  async count(priority?: number): Promise<number> {
    // In this order: whoever was let in before the reactor moved on is no longer counted as waiting.
    const filledUpTo = await this.filledUpTo();
    const waiting = await this.waitlist.waitingNow(priority);
    const toBeFilled = (await this.store.readStream(rolloutStream.category))
      .filter(({ type, position }) => type === 'CohortAdmitted' && position > filledUpTo)
      .map(({ data }) => data as EventOf<typeof CohortAdmitted>['data'])
      .filter((one) => priority === undefined || one.priority === undefined || one.priority === priority);
    return Math.max(0, waiting - toBeFilled.reduce((sum, { size }) => sum + size, 0));
  }

  private async filledUpTo(): Promise<number> {
    const { rows } = await this.pool.query(
      'SELECT coalesce(min(position), 0) AS position FROM projections.checkpoints WHERE follower = $1',
      [`reactor:${ONBOARDING}`],
    );
    return Number(rows[0].position);
  }
}
