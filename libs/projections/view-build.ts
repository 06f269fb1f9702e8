import type pg from 'pg';
import type { RecordedEvent } from '../kernel/envelope.js';
import type { ParkedKey } from './checkpoints.js';
import { laneOf } from './lanes.js';
import { RowCache } from './row-cache.js';
import type { View, ViewRow } from './view.js';
import { ViewTables } from './view-tables.js';

type Queryable = Pick<pg.Pool, 'query'>;

/** What a page does to a build's tables, worked out but not yet written. */
export interface PageEffect {
  upserts: ViewRow[];
  removals: string[];
  counters: Map<string, Record<string, number>>;
  parked: ParkedKey[];
}

const CACHED_ROWS = 20_000;

/** One set of tables of a view, and the folding of pages into them. */
export class ViewBuild {
  readonly tables: ViewTables;
  private readonly types: ReadonlySet<string>;
  private readonly cache = new RowCache(CACHED_ROWS);
  private readonly parked = new Set<string>();

  /** @param follower the name its checkpoints and parked keys go by */
  constructor(
    readonly view: View,
    readonly build: number,
    schema: string,
    readonly follower: string,
  ) {
    this.tables = new ViewTables(view, schema);
    this.types = new Set(view.types);
  }

  /** Forgets rows and reads the parked keys anew: another process may have written. */
  async refresh(db: Queryable): Promise<void> {
    this.cache.clear();
    this.parked.clear();
    const { rows } = await db.query('SELECT key FROM projections.parked WHERE follower = $1', [this.follower]);
    for (const row of rows) this.parked.add(row.key);
  }

  /** @param lanes only keys of these lanes; all when undefined */
  async fold(db: Queryable, events: readonly RecordedEvent[], lanes?: ReadonlySet<number>): Promise<PageEffect> {
    const byKey = this.distribute(events, lanes);
    const missing: string[] = [];
    for (const key of byKey.keys()) if (this.cache.get(key) === undefined) missing.push(key);
    const loaded = await this.tables.loadRows(db, missing);
    const effect: PageEffect = { upserts: [], removals: [], counters: new Map(), parked: [] };
    for (const [key, list] of byKey) {
      const before = this.cache.get(key) ?? loaded.get(key);
      const after = this.foldKey(key, before, list, effect);
      if (after === before) continue;
      if (after) effect.upserts.push(after);
      else effect.removals.push(key);
      if (this.view.counters) {
        if (before) this.count(effect.counters, before, -1);
        if (after) this.count(effect.counters, after, 1);
      }
    }
    for (const [bucket, amounts] of effect.counters) {
      if (Object.values(amounts).every((amount) => amount === 0)) effect.counters.delete(bucket);
    }
    return effect;
  }

  async write(db: Queryable, effect: PageEffect): Promise<void> {
    await this.tables.writeRows(db, effect.upserts);
    await this.tables.removeRows(db, effect.removals);
    await this.tables.addCounters(db, effect.counters);
  }

  /** To be called once the effect is committed. */
  committed(effect: PageEffect): void {
    const { key } = this.view.table;
    for (const row of effect.upserts) this.cache.set(row[key], row);
    for (const removed of effect.removals) this.cache.delete(removed);
    for (const { key: parked } of effect.parked) this.parked.add(parked);
    this.cache.trim();
  }

  private distribute(events: readonly RecordedEvent[], lanes?: ReadonlySet<number>): Map<string, RecordedEvent[]> {
    const byKey = new Map<string, RecordedEvent[]>();
    for (const event of events) {
      if (!this.types.has(event.type)) continue;
      for (const key of this.view.keys(event)) {
        if (lanes && !lanes.has(laneOf(key))) continue;
        if (this.parked.size > 0 && this.parked.has(key)) continue;
        const list = byKey.get(key);
        if (list) list.push(event);
        else byKey.set(key, [event]);
      }
    }
    return byKey;
  }

  private foldKey(key: string, before: ViewRow | undefined, events: RecordedEvent[], effect: PageEffect) {
    let row = before;
    for (const event of events) {
      try {
        row = this.view.evolve(row, event, key);
      } catch (error) {
        effect.parked.push(parkedBy(this.follower, key, event, error));
        break;
      }
    }
    return row;
  }

  private count(counters: Map<string, Record<string, number>>, row: ViewRow, sign: 1 | -1): void {
    for (const { bucket, amounts } of this.view.counters!.contribution(row)) {
      let sums = counters.get(bucket);
      if (!sums) {
        sums = {};
        counters.set(bucket, sums);
      }
      for (const column in amounts) sums[column] = (sums[column] ?? 0) + sign * amounts[column]!;
    }
  }
}

export function parkedBy(follower: string, key: string, event: RecordedEvent, error: unknown): ParkedKey {
  return {
    follower,
    key,
    position: event.position,
    eventId: event.id,
    eventType: event.type,
    error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  };
}
