import { isUtf8 } from 'node:buffer';
import type { Fault } from '../../events/fault.js';
import type { ConsumedMessage, Delivery, Message } from '../../kafka/message-broker.js';
import { sizeOf } from '../../kafka/message-parts.js';

/** Brokers accept messages of up to a mebibyte by default, including headers. */
const MAX_BYTES = 900_000;
const MAX_HEADER_LENGTH = 1_000;
const PREFIX = 'gatehouse_quarantine_';

/**
 * The copy of a rejected message for the quarantine topic: the original message, with the reason in headers. If it is too
 * large, its largest parts are left out and listed in a header; the quarantine entry has them.
 * @param entry the id of that entry; without one the copy is whole, whatever its size
 */
export function quarantineMessage(
  { key, value, headers, offset }: ConsumedMessage,
  { reason, field, detail }: Fault,
  { topic, partition }: Pick<Delivery, 'topic' | 'partition'>,
  entry: string | undefined,
): Message {
  const why = { reason, field, detail, entry: entry ?? '', topic, partition: String(partition), offset };
  const reasons = Object.entries(why).map(([name, text]) => header(name, text));
  const nothing: Message = { key: null, value: null, headers: [] };
  const whole: Message = { key, value, headers };
  const bySize = (['key', 'value', 'headers'] as const)
    .map((part) => ({ part, bytes: sizeOf({ ...nothing, [part]: whole[part] }) }))
    .sort((a, b) => b.bytes - a.bytes);

  let copy: Message = whole;
  const left: string[] = [];
  for (const { part } of bySize) {
    if (entry === undefined || sizeOf(copy) <= MAX_BYTES) break;
    copy = { ...copy, [part]: nothing[part] };
    left.push(part);
  }
  if (left.length > 0) reasons.push(header('left_out', left.join(', ')));
  return { ...copy, headers: [...copy.headers, ...reasons] };
}

const header = (name: string, text: string): [string, Buffer] => [
  PREFIX + name,
  Buffer.from(text.slice(0, MAX_HEADER_LENGTH)),
];

/** Serializes a message without an event for its quarantine entry: bytes as a string if they are UTF-8. */
export const keptMessage = ({ key, value, headers }: Message): Buffer =>
  Buffer.from(
    JSON.stringify({
      key: kept(key),
      headers: headers.map(([name, bytes]) => [name, kept(bytes)]),
      value: kept(value),
    }),
  );

type Kept = null | string | { base64: string };

const kept = (bytes: Buffer | null): Kept =>
  bytes === null ? null : isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') };

/** Parses the message of a quarantine entry; undefined if the entry holds no whole message. */
export function messageKept(entry: unknown): Message | undefined {
  const { key, headers, value } = (entry ?? {}) as { key?: unknown; headers?: unknown; value?: unknown };
  if (!isKept(key) || !isKept(value) || !Array.isArray(headers)) return undefined;
  if (!headers.every((one) => Array.isArray(one) && typeof one[0] === 'string' && isKept(one[1]))) return undefined;
  const named = headers.map(([name, bytes]): [string, Buffer] => [name, bytesOf(bytes) ?? Buffer.alloc(0)]);
  return { key: bytesOf(key), value: bytesOf(value), headers: named };
}

const isKept = (one: unknown): one is Kept =>
  one === null || typeof one === 'string' || typeof (one as { base64?: unknown } | undefined)?.base64 === 'string';

const bytesOf = (one: Kept): Buffer | null => {
  if (one === null) return null;
  return typeof one === 'string' ? Buffer.from(one) : Buffer.from(one.base64, 'base64');
};
