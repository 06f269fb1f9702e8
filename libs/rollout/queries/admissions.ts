import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { isOf } from '../../events/event-definition.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { cohortStream } from '../cohort.js';
import { CohortAdmitted } from '../events.js';
import { rolloutStream } from '../rollout.js';

/** Finds the admissions of cohorts in the log. */
@Injectable()
export class Admissions {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
  ) {}

  async find(cohortId: string) {
    const { state } = await this.transactor.load(rolloutStream, undefined);
    const recent = state.cohorts.findLast((one) => one.cohortId === cohortId);
    if (recent) {
      const page = await this.store.readAll(recent.position, { including: true, limit: 1 });
      return found(page.events, cohortId);
    }
    // Such a cohort was closed long ago. Only if it has a stream is reading the whole rollout stream worth it.
    const known = await this.store.readStream(`${cohortStream.category}-${cohortId}`, 0, 1);
    return known.length === 0 ? undefined : found(await this.store.readStream(rolloutStream.category), cohortId);
  }
}

function found(events: readonly RecordedEvent[], cohortId: string) {
  const event = events.filter((one) => isOf(CohortAdmitted, one)).findLast(({ data }) => data.cohortId === cohortId);
  return event && { admission: event.data, position: event.position };
}
