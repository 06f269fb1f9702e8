import type pg from 'pg';
import { coalesced } from '../kernel/coalesced.js';
import { earlierMoment } from '../kernel/earlier-moment.js';
import type { Position } from '../kernel/envelope.js';
import { NotCaughtUp } from '../kernel/errors.js';
import { Changes } from '../kernel/wait.js';
import type { View } from './view.js';
import { queryView } from './view-query.js';

const POLL_MS = 25;

/** The positions of views, for readers that must see an earlier write. */
export class ViewReader {
  private readonly pages = new Changes();
  private pagesApplied = 0;
  private isStopping = false;
  /** By view: those that wait for one share each look at its position, or 32 of a consumer's would ask at every turn. */
  private readonly looks = new Map<string, () => Promise<Position>>();

  constructor(private readonly pool: pg.Pool) {}

  /** The position that every shard of the view has passed; 0 before the view is built. */
  async position(view: View<never> | View): Promise<Position> {
    const moment = earlierMoment();
    if (moment) return moment.position;
    const { rows } = await queryView(this.pool, {
      name: 'gatehouse_view_position',
      text: `SELECT coalesce(min(c.position), 0) AS position FROM projections.builds b
             JOIN projections.checkpoints c ON c.follower = 'view:' || b.view || ':v' || b.version || ':b' || b.build
             WHERE b.view = $1 AND b.version = $2 AND b.live`,
      values: [view.name, view.version],
    });
    return Number(rows[0].position);
  }

  /**
   * Resolves once the view has passed the position.
   * @param everyMs between two looks while no projector of this process applies a page
   * @throws NotCaughtUp if the time runs out first, or the process stops: nobody may apply a page any more
   */
  async reached(view: View<never> | View, position: Position, limitMs: number, everyMs = POLL_MS): Promise<void> {
    if (earlierMoment()) return;
    const deadline = performance.now() + limitMs;
    const look = this.lookAt(view);
    for (;;) {
      const { pagesApplied } = this;
      if ((await look()) >= position) return;
      if (this.isStopping || performance.now() > deadline)
        throw new NotCaughtUp(`the view ${view.name}`, position, limitMs);
      await this.pageAfter(pagesApplied, Math.min(everyMs, Math.max(1, deadline - performance.now())));
    }
  }

  /** Resolves once a projector in this process has applied a page, or the time has run out: others may have, elsewhere. */
  async nextPage(limitMs: number): Promise<void> {
    await this.pageAfter(this.pagesApplied, limitMs);
  }

  /** Ends every wait, and each that begins later. */
  stop(): void {
    this.isStopping = true;
    this.pages.notify();
  }

  private pageAfter(pagesApplied: number, limitMs: number): Promise<boolean> {
    return this.pages.until(() => this.pagesApplied > pagesApplied, limitMs);
  }

  private lookAt(view: View<never> | View): () => Promise<Position> {
    const key = `${view.name} ${view.version}`;
    const look = this.looks.get(key) ?? coalesced(() => this.position(view));
    this.looks.set(key, look);
    return look;
  }

  /** Called by a projector in this process after each page, so that waiting readers need not poll. */
  readonly moved = (): void => {
    this.pagesApplied++;
    this.pages.notify();
  };
}
