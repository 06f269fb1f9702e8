import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import type { Position } from '../../kernel/envelope.js';
import { NotCaughtUp } from '../../kernel/errors.js';
import { pause } from '../../kernel/wait.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { EVENT_STORE, POOL, SETTINGS } from '../../platform/ports.js';
import { HOLD_CONSUMER as HOLDS, legalHoldsView } from '../../preservation/index.js';
import { queryView } from '../../projections/view-query.js';
import { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../../review/index.js';
import { positionAndParked } from '../../subscriptions/checkpoints.js';
import { keysOfPerson } from './keys-of-person.js';

const HELD = `SELECT DISTINCT account_id FROM ${viewTable(legalHoldsView)}
  WHERE placed_at IS NOT NULL AND lifted_at IS NULL ORDER BY account_id`;

const POLL_MS = 25;

/** Which slices of the people have data under a hold. */
@Injectable()
export class HeldSlices {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
    @Inject(ViewReader) private readonly views: ViewReader,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
  ) {}

  /** What is parked once the consumer that places holds has passed the position. @throws NotCaughtUp */
  private async holdsThrough(head: Position, limitMs: number) {
    for (const deadline = performance.now() + limitMs; ; await pause(POLL_MS)) {
      const progress = await positionAndParked(this.pool, HOLDS);
      if (progress.position >= head) return progress;
      if (performance.now() > deadline) throw new NotCaughtUp(HOLDS, head, limitMs);
    }
  }

  /** @throws NotCaughtUp */
  async find(slices: number): Promise<{ accounts: string[]; slices: Set<number> }> {
    const { decisionWaitMs: limitMs } = this.settings;
    const head = await this.store.head();
    // Before the view: a confirmation that the consumer has passed has placed its hold.
    const { parked } = await this.holdsThrough(head, limitMs);
    for (const view of [legalHoldsView, casesView]) await this.views.reached(view, head, limitMs);
    const { rows } = await queryView(this.pool, { text: HELD, values: [] });
    // An account whose confirmation can't be processed may have to be held.
    const held = [...rows.map(({ account_id }) => account_id as string), ...parked.map(({ key }) => key)];
    const accounts = [...new Set(held)].sort();
    const names = (await Promise.all(accounts.map((account) => keysOfPerson(this.pool, account)))).flat();
    return { accounts, slices: new Set(names.map((name) => this.keys.store.sliceOf(name, slices))) };
  }
}
