import type { Fault } from '../incoming-event.js';
import type { ConsumedMessage, Delivery, Message } from '../message-broker.js';

/** Brokers take messages of a mebibyte by default, headers and all. */
const MOST_VALUE_BYTES = 900_000;
const LONGEST_HEADER = 1_000;

/**
 * What the quarantine topic holds of a message that was not taken: the message as it came, and why, in headers. A value
 * that would be too large to send on is left out; the entry in quarantine has it.
 */
export function quarantineMessage(
  { key, value, headers, offset }: ConsumedMessage,
  { reason, field, detail }: Fault,
  { topic, partition }: Delivery,
  entry: string,
): Message {
  const left = (value?.length ?? 0) > MOST_VALUE_BYTES;
  const why = { reason, field, detail, entry, topic, partition: String(partition), offset };
  return {
    key,
    value: left ? null : value,
    headers: [
      ...headers,
      ...Object.entries(why).map(([name, text]): [string, Buffer] => [
        `gatehouse_quarantine_${name}`,
        Buffer.from(text.slice(0, LONGEST_HEADER)),
      ]),
    ],
  };
}
