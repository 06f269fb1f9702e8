import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { ContentFlagged } from '../../images/index.js';
import { OWN_SOURCE } from '../../kernel/command-context.js';
import type { Position } from '../../kernel/envelope.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { POOL, SETTINGS } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { eventsAhead } from '../../subscriptions/events-ahead.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { type FlagPlace, isIsolated, isolationId, isolationStream } from '../isolation.js';
import { flagsView } from '../views/flags.js';

const RATE_MS = 3_600_000;

/** `excessive` is the flag with which their flags begin to be kept apart. */
export type Treatment = 'usual' | 'isolated' | 'excessive';

type Flag = RecordedOf<typeof ContentFlagged>;

export const placeOfFlag = ({ position, metadata }: Flag): FlagPlace => ({ position, at: Date.parse(metadata.time) });

const COUNT = {
  name: 'gatehouse_flags_before',
  text: `SELECT count(*)::int AS flags FROM (
    SELECT FROM ${viewTable(flagsView)}
    WHERE flagged_by = $1 AND flagged_at > to_timestamp($2::float8 / 1000) AND flagged_at <= to_timestamp($3::float8 / 1000)
      AND position > $4 AND position <= $5 LIMIT $6) counted`,
};

/**
 * Says whether a flag is one of too many. It counts the flags of the same flagger that are before it in the log and within
 * an hour before its own time: so every process gives the same answer at any time.
 */
@Injectable()
export class FlagRates {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(LogTail) private readonly log: LogTail,
    @Inject(ViewReader) private readonly views: ViewReader,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'flagsPerHour' | 'decisionWaitMs'>,
  ) {}

  /** @throws NotCaughtUp if the view of flags is too far behind */
  async treatmentOf(flag: Flag): Promise<Treatment> {
    const { flagsPerHour } = this.settings;
    const { flaggedBy, flaggerKind } = flag.data;
    // Our own rules flag what a system shared against them: that many are no reason to hear of none.
    if (flagsPerHour === 0 || flaggerKind === 'staff' || flag.metadata.source === OWN_SOURCE) return 'usual';
    const { state } = await this.transactor.load(isolationStream, isolationId(flaggedBy));
    if (isIsolated(state, placeOfFlag(flag))) return 'isolated';
    return (await this.countBefore(flag, state.countedAfter)) >= flagsPerHour ? 'excessive' : 'usual';
  }

  /** Up to the limit. */
  private async countBefore(flag: Flag, after: Position): Promise<number> {
    const { flagsPerHour, decisionWaitMs: limitMs } = this.settings;
    const { flaggedBy } = flag.data;
    const { position, at } = placeOfFlag(flag);
    const reached = await this.views.position(flagsView);
    const values = [flaggedBy, at - RATE_MS, at, after, Math.min(reached, position - 1), flagsPerHour];
    const counted = reached === 0 ? 0 : (await queryView(this.pool, { ...COUNT, values })).rows[0].flags;
    if (counted >= flagsPerHour || reached >= position) return counted;
    const view = { consumer: `the view ${flagsView.name}`, position: reached, limitMs };
    const { events } = await eventsAhead(this.log, ContentFlagged, view, flaggedBy, ({ data }) => data.flaggedBy);
    const before = events.map(placeOfFlag).filter((one) => one.position < position && one.position > after);
    return counted + before.filter((one) => one.at > at - RATE_MS && one.at <= at).length;
  }
}
