import { type Clock, toIso } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { type EventStore, positionsOf, type StreamWrite, type WriteResult } from '../event-store.js';
import { ForwardingEventStore } from '../forwarding-event-store.js';
import { requireUuid } from '../stored-text.js';
import { type FactIndex, placeOf } from './fact-index.js';
import { WriteTurns } from './write-turns.js';

const LANE = /^facts-/;
const PAGE = 2_000;
const MAX_CONFLICTS = 50;

const revisionOf = (expected: number | 'no-stream'): number => (expected === 'no-stream' ? -1 : expected);

/**
 * Prevents duplicate facts in a store that does not: a lane is written only if every earlier fact is in the index and no
 * new one is. The index follows the log: facts that a crash left out are indexed before the lane's next append.
 *
 * Of one fact in two lanes the second is detected once the first is indexed: before its append returns or, after a crash,
 * with its lane's next append. Two lanes that get the same fact at the same time may both store it. Lanes are chosen by
 * the fact's subject, so that requires two channels.
 */
export class DeduplicatingEventStore extends ForwardingEventStore {
  /** The revision of each lane up to which the index is complete. */
  private readonly noted = new Map<string, number>();
  private readonly turns = new WriteTurns(1);

  constructor(
    store: EventStore,
    private readonly index: FactIndex,
    private readonly clock: Clock,
  ) {
    super(store);
  }

  override async append(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    const lanes = writes.filter(({ stream }) => LANE.test(stream));
    if (lanes.length === 0) return this.store.append(writes);
    const others = writes.filter(({ stream }) => !LANE.test(stream));
    const [otherResults, ...laneResults] = await Promise.allSettled([
      others.length > 0 ? this.store.append(others) : [],
      ...lanes.map((write) => this.turns.run(write.stream, 0, () => this.appendFacts(write))),
    ]);
    // Waits for all: a retry must not overtake a write that is still running.
    const outcomes = [settled(otherResults), laneResults.map(settled)] as const;
    return writes.map(({ stream }) => (LANE.test(stream) ? outcomes[1].shift()! : outcomes[0].shift()!));
  }

  override placesOf(ids: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    return this.index.known(ids);
  }

  private async appendFacts(write: StreamWrite): Promise<WriteResult> {
    for (const event of write.events) requireUuid(event); // before the index looks for it
    if (write.expected !== 'any') return this.appendAt(write, write.expected);
    for (let conflict = 0; conflict < MAX_CONFLICTS; conflict++) {
      const [last] = await this.store.readStreamTail(write.stream, 1);
      const result = await this.appendAt(write, last?.revision ?? 'no-stream');
      if (result.outcome !== 'wrong-expected-revision') return result;
    }
    throw new StoreUnavailable(`${write.stream} has too many concurrent writers: let fewer processes share this lane`);
  }

  private async appendAt(write: StreamWrite, expected: number | 'no-stream'): Promise<WriteResult> {
    const { stream, events } = write;
    const behind = revisionOf(expected);
    await this.catchUp(stream, behind);
    if (this.noted.get(stream) === behind) {
      const known = await this.index.known(events.map(({ id }) => id));
      // Another process may have stored and indexed them meanwhile: then the log decides if this is a repeat.
      if (known.size > 0 && (await this.learnNoted(stream)) === behind) return { outcome: 'duplicate-event-id', known };
    }
    // Indexed further than expected: a repeat or too late. The log decides, and stores nothing.
    const [result] = await this.store.append([{ stream, expected, events }]);
    if (result!.outcome === 'appended') await this.note(write, result!);
    return result!;
  }

  private async note(
    { stream, events }: StreamWrite,
    result: WriteResult & { outcome: 'appended' | 'already-appended' },
  ) {
    const recordedAt = toIso(this.clock.now());
    const positions = positionsOf(result, events.length);
    const facts = events.map(({ id }, i) => ({ id, position: positions[i]!, recordedAt }));
    try {
      await this.index.note(stream, result.revision, facts);
      this.noted.set(stream, result.revision);
    } catch (error) {
      // They are stored, and the lane's next append indexes them first.
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  /** Indexes the facts of the lane up to a revision that the index lacks. */
  private async catchUp(lane: string, revision: number): Promise<void> {
    if ((this.noted.get(lane) ?? Number.NEGATIVE_INFINITY) >= revision) return;
    for (let noted = await this.learnNoted(lane); noted < revision; ) {
      const events = await this.store.readStream(lane, noted + 1, Math.min(PAGE, revision - noted));
      if (events.length === 0) return; // the lane is shorter than the caller expects
      noted = events.at(-1)!.revision;
      await this.index.note(lane, noted, events.map(placeOf));
      this.noted.set(lane, noted);
    }
  }

  private async learnNoted(lane: string): Promise<number> {
    const noted = await this.index.notedUpTo(lane);
    this.noted.set(lane, noted);
    return noted;
  }
}

function settled<Value>(outcome: PromiseSettledResult<Value> | undefined): Value {
  if (outcome!.status === 'rejected') throw outcome!.reason;
  return outcome!.value;
}
