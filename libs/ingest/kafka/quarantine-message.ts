import { isUtf8 } from 'node:buffer';
import type { Fault } from '../../events/fault.js';
import type { ConsumedMessage, Delivery, Message } from '../../kafka/message-broker.js';

const PREFIX = 'gatehouse_quarantine_';

/**
 * The notice of a rejected message for the quarantine topic. It names the quarantine entry, which has the message encrypted,
 * and its place in its own topic, and contains nothing that the sender wrote: that may be anybody's personal data.
 * @param entry undefined if quarantine could not keep the message
 */
export function quarantineNotice(
  { offset }: Pick<ConsumedMessage, 'offset'>,
  { reason }: Pick<Fault, 'reason'>,
  { topic, partition }: Pick<Delivery, 'topic' | 'partition'>,
  entry: string | undefined,
): Message {
  const about = { reason, entry: entry ?? '', topic, partition: String(partition), offset };
  const headers = Object.entries(about).map(([name, text]): [string, Buffer] => [PREFIX + name, Buffer.from(text)]);
  return { key: null, value: null, headers };
}

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
