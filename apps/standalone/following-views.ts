import { GatehouseError } from '../../libs/kernel/errors.js';
import type { Projector } from '../../libs/projections/projector.js';
import type { ViewReader } from '../../libs/projections/view-reader.js';
import type { LogTail } from '../../libs/subscriptions/log-tail.js';
import type { SettledViews } from './settling.js';

const LOOK_MS = 25;
/** A page takes a fraction of a second. */
const STALLED_MS = 60_000;

/** Views that a projector of this process keeps up to date on its own. */
export class FollowingViews implements SettledViews {
  readonly followAlone = true;

  constructor(
    private readonly projector: Pick<Projector, 'position'>,
    private readonly reader: Pick<ViewReader, 'nextPage'>,
    private readonly log: Pick<LogTail, 'head'>,
    private readonly stalledMs = STALLED_MS,
  ) {}

  /** @throws GatehouseError if they don't move for a minute */
  async processAll(): Promise<void> {
    const head = await this.log.head();
    let { position } = this.projector;
    let movedAt = performance.now();
    while (position < head) {
      await this.reader.nextPage(LOOK_MS);
      if (this.projector.position > position) movedAt = performance.now();
      else if (performance.now() - movedAt > this.stalledMs)
        throw new GatehouseError(
          'views-stalled',
          `the views stay at ${position}, although the log has ${head}`,
          'failed',
        );
      position = this.projector.position;
    }
  }
}
