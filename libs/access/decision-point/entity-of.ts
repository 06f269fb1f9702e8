import type { RecordedEvent } from '../../kernel/envelope.js';

/** The id of the entity whose stream the event is in; undefined for a stream of another category. */
export const idIn = (category: string, { stream }: RecordedEvent): string | undefined =>
  stream.startsWith(`${category}-`) ? stream.slice(category.length + 1) : undefined;
