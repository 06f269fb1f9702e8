import { isUtf8 } from 'node:buffer';
import type { Fault } from '../../events/fault.js';
import type { ConsumedMessage, Delivery, Message } from '../../kafka/message-broker.js';
import { sizeOf } from '../../kafka/message-parts.js';

/** Brokers take messages of a mebibyte by default, headers and all. */
const MOST_BYTES = 900_000;
const LONGEST_HEADER = 1_000;
const WHY = 'gatehouse_quarantine_';

/**
 * What the quarantine topic holds of a message that was not taken: the message as it came, and why, in headers. Where all
 * of it would be too large to send on, its largest parts are left out, and a header names them; the entry in quarantine
 * has them.
 */
export function quarantineMessage(
  { key, value, headers, offset }: ConsumedMessage,
  { reason, field, detail }: Fault,
  { topic, partition }: Pick<Delivery, 'topic' | 'partition'>,
  entry: string,
): Message {
  const why = { reason, field, detail, entry, topic, partition: String(partition), offset };
  const said = Object.entries(why).map(([name, text]) => header(name, text));
  const nothing: Message = { key: null, value: null, headers: [] };
  const whole: Message = { key, value, headers };
  const bySize = (['key', 'value', 'headers'] as const)
    .map((part) => ({ part, bytes: sizeOf({ ...nothing, [part]: whole[part] }) }))
    .sort((a, b) => b.bytes - a.bytes);

  let copy: Message = whole;
  const left: string[] = [];
  for (const { part } of bySize) {
    if (sizeOf(copy) <= MOST_BYTES) break;
    copy = { ...copy, [part]: nothing[part] };
    left.push(part);
  }
  if (left.length > 0) said.push(header('left_out', left.join(', ')));
  return { ...copy, headers: [...copy.headers, ...said] };
}

const header = (name: string, text: string): [string, Buffer] => [
  WHY + name,
  Buffer.from(text.slice(0, LONGEST_HEADER)),
];

/** A message that holds no event, as its entry in quarantine keeps it: bytes as text where they are UTF-8. */
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

/** The message that an entry in quarantine keeps whole, or undefined where it keeps something else. */
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
