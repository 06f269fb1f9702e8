import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { accountStream } from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import { ContentFlagged, ImageGenerated, ImageShared } from '../../images/index.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { POOL, SETTINGS } from '../../platform/ports.js';
import { viewLookup } from '../../projections/view-lookup.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView, flagsView } from '../../review/index.js';
import { disregardedDecisionsView } from '../../safety/index.js';
import { eventsAhead } from '../../subscriptions/events-ahead.js';
import { LogTail } from '../../subscriptions/log-tail.js';

/** Golden cases name accounts of nobody. */
const IN_CASE = `SELECT FROM ${viewTable(casesView)} WHERE account_id = $1 AND origin <> 'golden' LIMIT 1`;

const FLAGGED = `SELECT FROM ${viewTable(flagsView)} WHERE flagged_by = $1 LIMIT 1`;

/** Finds out whether an account exists, also one that never joined the waitlist. */
@Injectable()
export class KnownAccounts {
  /** An account that never joined has no access, so its first image gives it a row here. */
  private readonly uses: ReturnType<typeof viewLookup>;

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(LogTail) private readonly log: LogTail,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
    @Inject(ViewReader) private readonly views: ViewReader,
  ) {
    this.uses = viewLookup(pool, disregardedDecisionsView, ['account_id']);
  }

  /**
   * Whether an account has anything stored so far: an event of its own, an image that it generated or shared, or a flag of its
   * own; or a case, as far as the view of cases is. If an event that may be of it can't be used, it is known.
   * @throws NotCaughtUp
   */
  async isKnown(accountId: string): Promise<boolean> {
    const { position } = await this.transactor.load(accountStream, accountId);
    return (
      position > 0 || (await this.isInCase(accountId)) || (await this.hasImage(accountId)) || this.hasFlagged(accountId)
    );
  }

  private async isInCase(accountId: string): Promise<boolean> {
    try {
      return (await queryView(this.pool, { text: IN_CASE, values: [accountId] })).rows.length > 0;
    } catch (error) {
      if (error instanceof ViewNotBuilt) return false;
      throw error;
    }
  }

  /** Also what somebody wrote about an image that they flagged is theirs. */
  private async hasFlagged(accountId: string): Promise<boolean> {
    const position = await this.views.position(flagsView);
    if (position > 0 && (await queryView(this.pool, { text: FLAGGED, values: [accountId] })).rows.length > 0)
      return true;
    const view = { consumer: `view:${flagsView.name}`, position, limitMs: this.settings.decisionWaitMs };
    const { events, isBroken } = await eventsAhead(
      this.log,
      ContentFlagged,
      view,
      accountId,
      ({ data }) => data.flaggedBy,
    );
    return events.length > 0 || isBroken;
  }

  private async hasImage(accountId: string): Promise<boolean> {
    const { row, asOf, isParked } = await this.uses(accountId);
    if (row || isParked) return true;
    const limitMs = this.settings.decisionWaitMs;
    const view = { consumer: `view:${disregardedDecisionsView.name}`, position: asOf, limitMs };
    for (const type of [ImageGenerated, ImageShared]) {
      const { events, isBroken } = await eventsAhead(this.log, type, view, accountId, ({ data }) => data.accountId);
      if (events.length > 0 || isBroken) return true;
    }
    return false;
  }
}
