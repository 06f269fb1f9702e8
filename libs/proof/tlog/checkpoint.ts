import { HASH_BYTES } from './merkle-tree.js';
import { decodeBase64 } from './signed-note.js';

/** C2SP tlog-checkpoint: the head of a tree. */
export interface Checkpoint {
  /** The name of the log. */
  origin: string;
  size: number;
  root: Buffer;
}

const COUNT = /^(?:0|[1-9]\d{0,15})$/;

/** Decimal digits of a safe integer, without a zero before them. */
export function parseCount(text: string): number | undefined {
  const count = COUNT.test(text) ? Number(text) : undefined;
  return count !== undefined && Number.isSafeInteger(count) ? count : undefined;
}

/** A hash in base64. */
export function parseHash(text: string): Buffer | undefined {
  const bytes = decodeBase64(text);
  return bytes?.length === HASH_BYTES ? bytes : undefined;
}

/** The text that is signed. */
export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

/** The checkpoint of a note's text, of which extension lines are ignored; undefined if it is malformed. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.some((line) => line === '')) return undefined;
  const [origin, sizeText, rootText] = lines;
  const size = sizeText === undefined ? undefined : parseCount(sizeText);
  const root = rootText === undefined ? undefined : parseHash(rootText);
  return origin === undefined || size === undefined || root === undefined ? undefined : { origin, size, root };
}
