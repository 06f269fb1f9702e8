import type { Projector } from '../../libs/projections/projector.js';
import type { ViewReader } from '../../libs/projections/view-reader.js';
import type { LogTail } from '../../libs/subscriptions/log-tail.js';
import type { SettledViews } from './settling.js';
import { untilPast } from './until-past.js';

const LOOK_MS = 25;

/** Views that a projector of this process keeps up to date on its own. */
export class FollowingViews implements SettledViews {
  readonly followAlone = true;

  /** @param signal ends the wait for them */
  constructor(
    private readonly projector: Pick<Projector, 'position'>,
    private readonly reader: Pick<ViewReader, 'nextPage'>,
    private readonly log: Pick<LogTail, 'head'>,
    private readonly signal?: AbortSignal,
    private readonly stalledMs?: number,
  ) {}

  /** @throws GatehouseError if they don't move for a minute; the reason of the signal if it aborts */
  async processAll(): Promise<void> {
    await untilPast(await this.log.head(), {
      what: 'the views',
      position: () => this.projector.position,
      look: () => this.reader.nextPage(LOOK_MS),
      ...(this.signal && { signal: this.signal }),
      ...(this.stalledMs !== undefined && { stalledMs: this.stalledMs }),
    });
  }
}
