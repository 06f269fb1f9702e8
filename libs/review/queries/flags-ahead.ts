import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { RecordedOf } from '../../events/event-definition.js';
import { ContentFlagged } from '../../images/index.js';
import { Unavailable } from '../../kernel/errors.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { POOL, SETTINGS } from '../../platform/ports.js';
import { consumerProgress } from '../../subscriptions/checkpoints.js';
import { eventsAhead } from '../../subscriptions/events-ahead.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { CASE_OPENING } from '../review-actions.js';

const CONSUMER = `reactor:${CASE_OPENING}`;

/** Finds the flags that are stored but may be missing in their case. */
@Injectable()
export class FlagsAhead {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(LogTail) private readonly log: LogTail,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
  ) {}

  /**
   * The flags of an image after the position of the consumer that opens cases, in log order. Read them before the case:
   * then every flag stored so far is in one of the two.
   * @throws NotCaughtUp if the consumer is too far behind; Unavailable case-parked
   */
  async of(imageId: string): Promise<RecordedOf<typeof ContentFlagged>[]> {
    const { position, parked } = await consumerProgress(this.pool, CONSUMER);
    if (parked.includes(imageId)) {
      throw new Unavailable(
        'case-parked',
        `a flag of image ${imageId} can't be processed; see the parked keys of ${CONSUMER}, and retry when it is fixed`,
      );
    }
    const consumer = { consumer: CONSUMER, position, limitMs: this.settings.decisionWaitMs };
    return eventsAhead(this.log, ContentFlagged, consumer, ({ data }) => data.imageId === imageId);
  }
}
