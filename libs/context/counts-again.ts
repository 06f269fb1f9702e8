import type { QueryBus } from '@nestjs/cqrs';
import type { RecordedEvent } from '../kernel/envelope.js';

/** A count that a decision took from views. */
export interface CountAgain {
  /** JSON Pointer in the event of the decision. */
  path: string;
  /** What the log comes to. */
  value: unknown;
  /** What the event has, if that is another one. */
  recorded?: unknown;
}

/** What a decision took from views, counted again from the log. */
export interface CountsAgain {
  /** The type of its event. */
  type: string;
  /**
   * @returns the counts, and the position up to which the log was counted
   * @throws Unavailable replay-running
   */
  of(
    event: RecordedEvent,
    queries: Pick<QueryBus, 'execute'>,
  ): Promise<{ counts: readonly CountAgain[]; countedTo: string }>;
}
