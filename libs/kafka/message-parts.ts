import type { Message } from './message-broker.js';

/** A broker refuses a batch of more than a mebibyte by default. */
const PART_BYTES = 500_000;
const ENVELOPE_BYTES = 40;

/** Splits messages into parts of one batch each; a message above the limit is a part of its own. */
export function* inParts(messages: readonly Message[]): Generator<Message[]> {
  let part: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = sizeOf(message);
    if (part.length > 0 && bytes + size > PART_BYTES) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

/** Approximate bytes of a message in a batch. */
export function sizeOf({ key, value, headers }: Message): number {
  const body = (key?.length ?? 0) + (value?.length ?? 0) + ENVELOPE_BYTES;
  return headers.reduce((sum, [name, header]) => sum + name.length + (header?.length ?? 0) + 4, body);
}
