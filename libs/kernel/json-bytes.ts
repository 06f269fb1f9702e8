import { isUtf8 } from 'node:buffer';

const BYTE_ORDER_MARK = '\ufeff';

/**
 * Parses one JSON document. RFC 8259, section 8.1: a byte order mark is skipped. Bytes that are not UTF-8 are refused, since
 * lenient decoding could turn two ids into one.
 * @throws SyntaxError
 */
export function parseJsonBytes(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new SyntaxError('it is not valid UTF-8');
  const text = bytes.toString();
  return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
}
