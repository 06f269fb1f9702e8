import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { ContentFlagged } from '../../images/index.js';
import { coalesced } from '../../kernel/coalesced.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { POOL, SETTINGS } from '../../platform/ports.js';
import { type ConsumerProgress, positionAndParked } from '../../subscriptions/checkpoints.js';
import { type Ahead, eventsAhead } from '../../subscriptions/events-ahead.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { REACTOR_PREFIX } from '../../subscriptions/reactor.js';
import { CASE_OPENING } from '../review-actions.js';

const CONSUMER = REACTOR_PREFIX + CASE_OPENING;

export interface AheadFlags {
  flags: Ahead<typeof ContentFlagged>['events'];
  /** Whether the consumer failed to process a flag of the image: the case may lack it and those after it. */
  isParked: boolean;
}

/** Finds the flags that are stored but may be missing in their case. */
@Injectable()
export class FlagsAhead {
  private readonly progress: () => Promise<ConsumerProgress>;

  constructor(
    @Inject(POOL) pool: pg.Pool,
    @Inject(LogTail) private readonly log: LogTail,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
  ) {
    this.progress = coalesced(() => positionAndParked(pool, CONSUMER));
  }

  /**
   * The flags of an image after the position of the consumer that opens cases, in log order. Read them before the case:
   * then every flag stored so far is in one of the two.
   * @returns `isParked` if a flag of the image can't be processed, so that the case lacks it and those after it
   * @throws NotCaughtUp if the consumer is too far behind
   */
  async of(imageId: string): Promise<AheadFlags> {
    const { position, parked } = await this.progress();
    const consumer = { consumer: CONSUMER, position, limitMs: this.settings.decisionWaitMs };
    const ahead = await eventsAhead(this.log, ContentFlagged, consumer, imageId, ({ data }) => data.imageId);
    return { flags: ahead.events, isParked: ahead.isBroken || parked.some(({ key }) => key === imageId) };
  }
}
