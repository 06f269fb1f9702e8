import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { type EventStore } from '../../event-store/event-store.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { pause } from '../../kernel/wait.js';
import { EVENT_STORE, POOL } from '../../platform/ports.js';
import { CASE_OPENING } from '../review-actions.js';

const POLL_MS = 25;
const WAIT_MS = 5_000;

/** Waits for the consumer that opens cases. */
@Injectable()
export class OpenedCases {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /**
   * Resolves once every flag stored so far has its case.
   * @throws StoreUnavailable if that needs more than 5 s; until then it is unknown whether there is a case
   */
  async caughtUp(): Promise<void> {
    const head = await this.store.head();
    const deadline = performance.now() + WAIT_MS;
    while ((await this.position()) < head) {
      if (performance.now() > deadline) {
        throw new StoreUnavailable(
          `the consumer ${CASE_OPENING} has not reached position ${head} within ${WAIT_MS} ms; check that a reactor is running`,
        );
      }
      await pause(POLL_MS);
    }
  }

  private async position(): Promise<number> {
    const { rows } = await this.pool.query({
      name: 'gatehouse_case_opening_position',
      text: 'SELECT coalesce(min(position), 0) AS position FROM projections.checkpoints WHERE follower = $1',
      values: [`reactor:${CASE_OPENING}`],
    });
    return Number(rows[0].position);
  }
}
