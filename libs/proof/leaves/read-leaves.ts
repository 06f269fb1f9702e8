import type { EventStore } from '../../event-store/event-store.js';
import type { Position } from '../../kernel/envelope.js';
import { eventLoop } from '../../kernel/event-loop.js';
import type { Pool } from '../../platform/database/database.js';
import type { Leaf } from '../tlog/tree-edge.js';
import { entryOfEvent } from './leaf.js';
import { readEntries } from './stored-entries.js';

/** Events whose leaves are made when they are asked for, so that the next page can be read meanwhile. */
export interface LeafPage {
  leaves(): Promise<Leaf[]>;
  /** All events up to here have been read. */
  next: Position;
  atHead: boolean;
}

/** Reads the events after a position, in the order of the log. */
export type ReadLeaves = (after: Position, limit: number) => Promise<LeafPage>;

const LEAVES_PER_TURN = 250;

async function inTurns<Event>(events: readonly Event[], leafOf: (event: Event) => Leaf): Promise<Leaf[]> {
  const leaves: Leaf[] = [];
  for (const event of events) {
    leaves.push(leafOf(event));
    if (leaves.length % LEAVES_PER_TURN === 0) await eventLoop.yield();
  }
  return leaves;
}

/** Both halves of a page at once, since the server makes the entries of one on one core. */
async function readHalves(pool: Pool, after: Position, limit: number): Promise<{ leaves: Leaf[]; head: Position }> {
  const middle = after + Math.ceil(limit / 2);
  const [first, second] = await Promise.all([
    readEntries(pool, after, limit, middle),
    readEntries(pool, middle, Math.floor(limit / 2)),
  ]);
  // Then the second half began to be stored after the first was read, which may lack its end.
  if (first.head < middle) return first;
  return { leaves: [...first.leaves, ...second.leaves], head: second.head };
}

/** From the tables of the log: nothing is parsed that need not be, and no change of the stored text is missed. */
export const leavesOfTables =
  (pool: Pool): ReadLeaves =>
  async (after, limit) => {
    const { leaves, head } = await readHalves(pool, after, limit);
    const next = leaves.at(-1)?.position ?? after;
    if (next === after && after < head)
      throw new Error(
        `the log has no event after ${after}, although its head is ${head}: events at its end are missing`,
      );
    return { leaves: () => Promise.resolve(leaves), next, atHead: next >= head };
  };

/** From any event store. */
export const leavesOfStore =
  (store: EventStore): ReadLeaves =>
  async (after, limit) => {
    const { events, next, atHead } = await store.readAll(after, { limit });
    const leaves = () => inTurns(events, (event) => ({ entry: entryOfEvent(event), position: event.position }));
    return { leaves, next, atHead };
  };
