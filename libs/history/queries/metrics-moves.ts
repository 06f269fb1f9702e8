import type { EventStore } from '../../event-store/event-store.js';
import { isUsable } from '../../kernel/decider.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { keysIn, type View, type ViewRow } from '../../projections/view.js';
import { deactivationsView, SAFETY_COUNTS, safetyImagesView } from '../../safety/index.js';
import type { SubjectEvents } from '../places/events-of-subjects.js';
import { type SubjectKind, subjectOf } from '../subjects.js';

/** Events of an image or of an account from which a row is folded. */
const MOST_FOLDED = 20_000;
/** Events that are looked at for a page, whether they moved a figure or not. */
const SCANNED = 1_000;
/** Events that are folded for a page: beyond that the page ends, unless it has got nowhere yet. */
const MOST_FOLDED_FOR_PAGE = 50_000;
/** The bucket of the counters of everything. */
const WHOLE = 'all';

interface Counted {
  view: View;
  kinds: readonly SubjectKind[];
}

interface CountedRow extends Counted {
  key: string;
}

/** The views whose counters are the figures, and the subjects whose events make a row. */
const COUNTED: readonly Counted[] = [
  { view: safetyImagesView as unknown as View, kinds: ['image', 'case'] },
  { view: deactivationsView as unknown as View, kinds: ['account'] },
];
const TYPES = [...new Set(COUNTED.flatMap(({ view }) => view.types))];

/** Other counts of the views are of other figures. */
const FIGURES: ReadonlySet<string> = new Set([...SAFETY_COUNTS, 'deactivated', 'reinstated']);

interface RowMoves {
  /** So many events were read for it. */
  folded: number;
  /** What each event of a row moved; undefined if there are too many. */
  moves?: ReadonlyMap<Position, readonly Move[]>;
}

/** A count of the metrics, and by how much an event changed it. */
export interface Move {
  figure: string;
  by: number;
}

export interface MovesPage {
  moves: { event: RecordedEvent; moved: Move[] }[];
  /** Every event after the start of the page and up to here was looked at. */
  next: Position;
  isLast: boolean;
  /** False if a row has too many events to be folded: what they moved is missing. */
  areComplete: boolean;
}

/** The events that moved the counts of the safety metrics: what each changed in the rows that are counted. */
export class MetricsMoves {
  /** @param mostFolded for a page: smaller in tests */
  constructor(
    private readonly store: Pick<EventStore, 'readAll'>,
    private readonly subjects: Pick<SubjectEvents, 'read'>,
    private readonly mostFolded = MOST_FOLDED_FOR_PAGE,
  ) {}

  /**
   * A page may have fewer than the limit, and is the last only if it says so: what it costs has a bound, however many events
   * the rows have that its events changed.
   * @throws Unavailable `index-behind`
   */
  async read(after: Position, to: Position, limit: number): Promise<MovesPage> {
    const read = await this.store.readAll(after, { types: TYPES, limit: SCANNED });
    const events = read.events.filter(({ position }) => position <= to);
    const isEnd = read.atHead || read.next >= to;
    const known = new Map<string, RowMoves>();
    const page: MovesPage = { moves: [], next: isEnd ? to : read.next, isLast: isEnd, areComplete: true };
    let folded = 0;
    for (const [n, event] of events.entries()) {
      const moved: Move[] = [];
      for (const row of rowsOf(event)) {
        const name = `${row.view.name} ${row.key}`;
        let found = known.get(name);
        if (!found) {
          // Only whole events: the next page begins with this one.
          if (n > 0 && folded >= this.mostFolded) return { ...page, next: events[n - 1]!.position, isLast: false };
          found = await this.movesOf(row, to);
          folded += found.folded;
          known.set(name, found);
        }
        if (!found.moves) page.areComplete = false;
        moved.push(...(found.moves?.get(event.position) ?? []));
      }
      if (moved.length > 0) page.moves.push({ event, moved });
      if (page.moves.length === limit)
        return { ...page, next: event.position, isLast: isEnd && event === events.at(-1) };
    }
    return page;
  }

  private async movesOf({ view, kinds, key }: CountedRow, to: Position): Promise<RowMoves> {
    const named = kinds.map((kind) => subjectOf(kind, key));
    const { events, isLast } = await this.subjects.read(named, 0, to, MOST_FOLDED);
    if (!isLast) return { folded: events.length };
    const moves = new Map<Position, readonly Move[]>();
    let row: ViewRow | undefined;
    for (const event of events) {
      if (!isUsable(event) || !view.types.includes(event.type) || !keysIn(view, event).includes(key)) continue;
      const after = view.evolve(row, event, key);
      moves.set(event.position, difference(countsOf(view, row), countsOf(view, after)));
      row = after;
    }
    return { folded: events.length, moves };
  }
}

/** The rows that an event may change. */
const rowsOf = (event: RecordedEvent): CountedRow[] =>
  COUNTED.filter(({ view }) => isUsable(event) && view.types.includes(event.type)).flatMap((counted) =>
    keysIn(counted.view, event).map((key) => ({ ...counted, key })),
  );

function countsOf(view: View, row: ViewRow | undefined): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  if (!row) return counts;
  for (const { bucket, amounts } of view.counters!.contribution(row)) {
    if (bucket !== WHOLE) continue;
    for (const [name, amount] of Object.entries(amounts))
      if (FIGURES.has(name)) counts.set(name, (counts.get(name) ?? 0) + amount);
  }
  return counts;
}

function difference(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Move[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names
    .map((figure) => ({ figure, by: (after.get(figure) ?? 0) - (before.get(figure) ?? 0) }))
    .filter(({ by }) => by !== 0);
}
