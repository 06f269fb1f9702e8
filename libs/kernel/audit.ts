import type { CommandContext } from './command-context.js';
import type { DomainEvent, Position } from './envelope.js';

/** Records in the log who did what to the installation itself, or read personal data. */
export interface Audit<Event extends DomainEvent = DomainEvent> {
  /**
   * Resolves once the event is stored. Await it before the act has an effect or its answer goes out.
   * @param once names an act that is recorded once, however often it is repeated
   * @throws StoreUnavailable
   */
  record(event: Event, context: CommandContext, once?: string): Promise<Position>;
}
