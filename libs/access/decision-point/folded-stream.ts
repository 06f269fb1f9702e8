import type { EventStore } from '../../event-store/event-store.js';
import { evolveRecorded, type StreamKind } from '../../kernel/decider.js';
import type { DomainEvent, Position, RecordedEvent } from '../../kernel/envelope.js';

/** The stream of the rollout has every cohort, also in the years of open access. */
const PAGE = 2_000;

/** The state of a single stream, which is read as a whole at the start and then followed: each event is folded once. */
export class FoldedStream<State, Event extends DomainEvent> {
  state: State;
  private position: Position = 0;

  constructor(readonly kind: StreamKind<State, Event>) {
    this.state = kind.initial;
  }

  /** @throws StoreUnavailable */
  async readFrom(store: Pick<EventStore, 'readStream'>): Promise<void> {
    for (let read = 0, isMore = true; isMore; read += PAGE) {
      const events = await store.readStream(this.kind.category, read, PAGE);
      for (const event of events) this.apply(event);
      isMore = events.length === PAGE;
    }
  }

  apply(event: RecordedEvent): void {
    if (event.position <= this.position) return;
    this.state = evolveRecorded(this.kind, this.state, event);
    this.position = event.position;
  }
}
