import type pg from 'pg';
import { BrokenEvent, keyOfBroken } from '../events/stored-events.js';
import type { RecordedEvent } from '../kernel/envelope.js';
import { eventLoop } from '../kernel/event-loop.js';
import { storableKey } from '../kernel/text-forms.js';
import { type Parking, parkedBy } from '../subscriptions/parked-keys.js';
import { shardOf } from '../subscriptions/shards.js';
import type { KeyFilter } from './key-filter.js';
import { RowCache } from './row-cache.js';
import { namedKeys, type View, type ViewRow } from './view.js';
import { ViewTables } from './view-tables.js';

type Queryable = Pick<pg.Pool, 'query'>;

/** The effect of a page on a build's tables, computed but not yet written. */
export interface PageEffect {
  /** Rows of keys that had none. */
  inserts: ViewRow[];
  updates: ViewRow[];
  removals: string[];
  counters: Map<string, Record<string, number>>;
  parked: Parking[];
}

/** The events of a key in a page. */
interface KeyEvents {
  key: string;
  /** Null if the key has no row; undefined if the cache doesn't know. */
  before: ViewRow | null | undefined;
  events: RecordedEvent[];
}

/** Keys that are folded in one turn of the event loop. */
const KEYS_PER_TURN = 250;
/** Cached rows per build. */
export const CACHED_ROWS = 20_000;
/** The same for a build without readers yet. */
export const DRAFT_CACHED_ROWS = 60_000;

export const changedRows = ({ inserts, updates, removals }: PageEffect): number =>
  inserts.length + updates.length + removals.length;

/** Removes what adds up to nothing: a bucket without a row would otherwise get one of zeros. */
export function dropZeros(counters: PageEffect['counters']): void {
  for (const [bucket, amounts] of counters) {
    if (Object.values(amounts).every((amount) => amount === 0)) counters.delete(bucket);
  }
}

/** One set of tables of a view; folds pages into them. */
export class ViewBuild {
  readonly tables: ViewTables;
  private readonly types: ReadonlySet<string>;
  private readonly cache: RowCache;
  private readonly parked = new Set<string>();

  /**
   * @param consumer the name of its checkpoints and parked keys
   * @param inserted only for tables that were empty and have no other writer: the keys that they may have
   */
  constructor(
    readonly view: View,
    readonly build: number,
    schema: string,
    readonly consumer: string,
    cachedRows = CACHED_ROWS,
    private readonly inserted?: KeyFilter,
  ) {
    this.cache = new RowCache(cachedRows);
    this.tables = new ViewTables(view, schema);
    this.types = new Set(view.types);
  }

  /** Clears the cache and reads the parked keys again: another process may have written. */
  async refresh(db: Queryable): Promise<void> {
    this.cache.clear();
    this.parked.clear();
    const { rows } = await db.query('SELECT key FROM projections.parked WHERE follower = $1', [this.consumer]);
    for (const row of rows) this.parked.add(row.key);
  }

  /**
   * Computes the effect of a page. Later folds see the changed rows, so the next page can be folded while this one is
   * written. After a failed write, call `refresh` first.
   * @param shards only keys of these shards; all if undefined
   */
  async fold(db: Queryable, events: readonly RecordedEvent[], shards?: ReadonlySet<number>): Promise<PageEffect> {
    const byKey = this.distribute(events, shards);
    const missing: string[] = [];
    for (const { key, before } of byKey) {
      if (before === undefined && this.inserted?.mayHave(key) !== false) missing.push(key);
    }
    const loaded = await this.tables.loadRows(db, missing);
    const effect: PageEffect = { inserts: [], updates: [], removals: [], counters: new Map(), parked: [] };
    let folded = 0;
    for (const { key, before: cached, events } of byKey) {
      if (++folded % KEYS_PER_TURN === 0) await eventLoop.yield();
      const before = cached ?? loaded.get(key);
      const after = this.foldKey(key, before, events, effect);
      if (after !== before) this.change(effect, key, before, after);
    }
    dropZeros(effect.counters);
    for (const { key } of effect.parked) this.parked.add(key);
    return effect;
  }

  async write(client: pg.ClientBase, effect: PageEffect): Promise<void> {
    await Promise.all([
      this.tables.insertRows(client, effect.inserts),
      this.tables.updateRows(client, effect.updates),
      this.tables.removeRows(client, effect.removals),
      this.tables.addCounters(client, effect.counters),
    ]);
  }

  /** Call it once an effect is committed: the table then has the rows that only the cache had. */
  committed(): void {
    this.cache.trim();
  }

  /** Skips a key from now on. */
  park(key: string): void {
    this.parked.add(key);
  }

  /** The keys of an event; of a broken one, that of its subject. */
  keysOf(event: RecordedEvent): readonly string[] {
    return this.named(event).keys;
  }

  private named(event: RecordedEvent): { event: RecordedEvent; keys: readonly string[] } {
    if (event.fault !== undefined) return { event, keys: [keyOfBroken(event)] };
    const { keys, fault } = namedKeys(this.view, event);
    if (fault === undefined) return { event, keys: keys.map(storableKey) };
    // The rows that it names lack it, and so must not be served as complete.
    const parked = new Set([...keys.map(storableKey), keyOfBroken(event)]);
    return { event: { ...event, fault }, keys: [...parked] };
  }

  private change(effect: PageEffect, key: string, before: ViewRow | undefined, after: ViewRow | undefined): void {
    if (!after) effect.removals.push(key);
    else if (before) effect.updates.push(after);
    else {
      effect.inserts.push(after);
      this.inserted?.add(key);
    }
    this.cache.set(key, after ?? null);
    if (!this.view.counters) return;
    if (before) this.count(effect.counters, before, -1);
    if (after) this.count(effect.counters, after, 1);
  }

  /** Reads the cache at once: a commit of the previous page trims it while rows are loaded. */
  private distribute(events: readonly RecordedEvent[], shards?: ReadonlySet<number>): readonly KeyEvents[] {
    const list: KeyEvents[] = [];
    const byKey = new Map<string, KeyEvents>();
    for (const read of events) {
      if (!this.types.has(read.type)) continue;
      const { event, keys } = this.named(read);
      for (const key of keys) {
        if (shards && !shards.has(shardOf(key))) continue;
        if (this.parked.size > 0 && this.parked.has(key)) continue;
        const known = byKey.get(key);
        if (known) known.events.push(event);
        else {
          const one = { key, before: this.cache.get(key), events: [event] };
          byKey.set(key, one);
          list.push(one);
        }
      }
    }
    return list;
  }

  private foldKey(key: string, before: ViewRow | undefined, events: RecordedEvent[], effect: PageEffect) {
    let row = before;
    for (const event of events) {
      try {
        if (event.fault !== undefined) throw new BrokenEvent(event.fault);
        row = this.view.evolve(row, event, key);
      } catch (error) {
        effect.parked.push(parkedBy(this.consumer, key, event, error));
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
