import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { ContentFlagged } from '../../images/index.js';
import { coalesced } from '../../kernel/coalesced.js';
import type { Position } from '../../kernel/envelope.js';
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

/** How far the consumer that opens cases is, and the head of the log. Shared by decisions that begin together. */
export interface FlagsProgress extends ConsumerProgress {
  head: Position;
}

/** Finds the flags that are stored but may be missing in their case. */
@Injectable()
export class FlagsAhead {
  private readonly consumed: () => Promise<ConsumerProgress>;

  constructor(
    @Inject(POOL) pool: pg.Pool,
    @Inject(LogTail) private readonly log: LogTail,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
  ) {
    this.consumed = coalesced(() => positionAndParked(pool, CONSUMER));
  }

  async progress(): Promise<FlagsProgress> {
    const [consumed, head] = await Promise.all([this.consumed(), this.log.head()]);
    return { ...consumed, head };
  }

  /**
   * The flags of an image after the position of the consumer that opens cases, in log order. Read the progress before the
   * case: then every flag stored until then is in one of the two.
   * @returns `isParked` if a flag of the image can't be processed, so that the case lacks it and those after it
   * @throws NotCaughtUp if the consumer is too far behind
   */
  async of(imageId: string, progress?: FlagsProgress): Promise<AheadFlags> {
    const { position, parked, head } = progress ?? (await this.progress());
    const consumer = { consumer: CONSUMER, position, head, limitMs: this.settings.decisionWaitMs };
    const ahead = await eventsAhead(this.log, ContentFlagged, consumer, imageId, ({ data }) => data.imageId);
    return { flags: ahead.events, isParked: ahead.isBroken || parked.some(({ key }) => key === imageId) };
  }
}
