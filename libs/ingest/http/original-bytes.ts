import type { RawBodyRequest } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { jsonText } from '../json-text.js';

const [QUOTE, BACKSLASH, COMMA] = [...Buffer.from('"\\,')];
const [OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [...Buffer.from('[{]}')];
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/**
 * The original bytes of a request's events: parsing and serializing would lose digits of large numbers and repeated
 * members. In binary mode only the data is original.
 * @param events as `eventsOf` returns them
 */
export function originalBytes(request: RawBodyRequest<FastifyRequest>, events: readonly unknown[]): Buffer[] {
  const { body, rawBody } = request;
  if (!rawBody) return events.map((event) => Buffer.from(jsonText(event)));
  const marked = rawBody.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  const json = marked ? rawBody.subarray(BYTE_ORDER_MARK.length) : rawBody;
  if (events === body) return elementsOf(json);
  if (events[0] === body) return [json];
  const { data: _, ...attributes } = events[0] as Record<string, unknown>;
  return [Buffer.concat([Buffer.from(`${jsonText(attributes).slice(0, -1)},"data":`), json, Buffer.from('}')])];
}

/** The original text of each element of a JSON array. */
export function elementsOf(json: Buffer): Buffer[] {
  const elements: Buffer[] = [];
  let depth = 0;
  let from = 0;
  const end = (at: number) => {
    const element = json.subarray(from, at).toString().trim();
    if (element !== '') elements.push(Buffer.from(element));
    from = at + 1;
  };
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = endOfString(json, at);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (depth === 0) from = at + 1;
      depth++;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      depth--;
      if (depth === 0) end(at);
    } else if (byte === COMMA && depth === 1) end(at);
  }
  return elements;
}

/** @param quote index of the opening quote */
function endOfString(json: Buffer, quote: number): number {
  let at = quote + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
