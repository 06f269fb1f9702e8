import { evolveRecorded, type StreamKind } from '../../kernel/decider.js';
import type { DomainEvent, Position, RecordedEvent } from '../../kernel/envelope.js';

/** The state of a single stream, which is read as a whole at the start and then followed: each event is folded once. */
export class FoldedStream<State, Event extends DomainEvent> {
  state: State;
  private position: Position = 0;

  constructor(readonly kind: StreamKind<State, Event>) {
    this.state = kind.initial;
  }

  apply(event: RecordedEvent): void {
    if (event.position <= this.position) return;
    this.state = evolveRecorded(this.kind, this.state, event);
    this.position = event.position;
  }
}
