import type { RecordedEvent } from '../../libs/kernel/envelope.js';

/** The kind of a stream: the rest of its name is an id, which may have hyphens too. */
const CATEGORY = /^(?:policy-use|review-settings|severe-viewers|[a-z]+)-/;

/**
 * Whether an event says anything of a person or of an image of theirs, at whatever place: the answer without an index, from each
 * value of the event.
 */
export function concerns(
  person: string,
  caseIds: ReadonlySet<string>,
  { data, metadata, stream }: RecordedEvent,
): boolean {
  const isNamed = (value: unknown): boolean => {
    if (typeof value === 'string') return value === person || caseIds.has(value);
    return typeof value === 'object' && value !== null && Object.values(value).some(isNamed);
  };
  return metadata.actor?.id === person || stream.replace(CATEGORY, '') === person || isNamed(data);
}
