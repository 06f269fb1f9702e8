import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';

/* C2SP signed-note: lines with Ed25519 signatures, and the text form of keys, as golang.org/x/mod/sumdb/note has them. */

const ED25519 = 0x01;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const ID_BYTES = 4;
/** DER of an Ed25519 key (RFC 8410) up to the 32 bytes of the key itself. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** As Go's: a larger note is no note. */
export const MAX_NOTE_BYTES = 1_000_000;
const MAX_SIGNATURES = 100;
const SIGNATURE_MARK = '\u2014 ';
/** Names have no space of Unicode and no plus. */
const NAME = /^[^\s\u0085+]+$/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a note has none but line ends
const CONTROL = /[\0-\x09\x0b-\x1f]/;
const HALF_PAIR = /\p{Surrogate}/u;

/** The note is malformed, or no key that is trusted signed it. */
export class UntrustedNote extends Error {
  constructor(reason: string) {
    super(`the note ${reason}`);
    this.name = new.target.name;
  }
}

export interface NoteKey {
  name: string;
  publicKey: KeyObject;
  /** 32 bytes. */
  raw: Buffer;
  /** The first four bytes of the SHA-256 over name and key. */
  id: Buffer;
}

export interface NoteSigner extends NoteKey {
  privateKey: KeyObject;
}

function keyOf(name: string, raw: Buffer): NoteKey {
  if (!isKeyName(name)) throw new RangeError(`${JSON.stringify(name)} is no name of a key: leave out spaces and plus`);
  const typed = Buffer.concat([Buffer.of(ED25519), raw]);
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'buffer');
  const publicKey = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, raw]), format: 'der', type: 'spki' });
  return { name, publicKey, raw, id: id.subarray(0, ID_BYTES) };
}

export const isKeyName = (name: string): boolean => NAME.test(name) && !CONTROL.test(name) && !HALF_PAIR.test(name);

/** @param seed the 32 bytes of an Ed25519 private key */
export function noteSigner(name: string, seed: Buffer): NoteSigner {
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { ...keyOf(name, spki.subarray(PUBLIC_PREFIX.length)), privateKey };
}

/** A key as people pass it on: `name+hash+key`. */
export const verifierText = ({ name, id, raw }: NoteKey): string =>
  `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.of(ED25519), raw]).toString('base64')}`;

/** The key that `name+hash+key` is; undefined if it is malformed, of another kind, or its hash is wrong. */
export function parseVerifier(text: string): NoteKey | undefined {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(text) ?? [];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  if (name === undefined || !isKeyName(name) || bytes?.length !== 1 + KEY_BYTES || bytes[0] !== ED25519)
    return undefined;
  const key = keyOf(name, bytes.subarray(1));
  return key.id.toString('hex') === id ? key : undefined;
}

/** RFC 4648, section 4, in its only canonical form; undefined for other text. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** @param text ends with a line end */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (!isNoteText(text)) throw new RangeError('a note is lines of text without control characters');
  const lines = signers.map(({ name, id, privateKey }) => {
    const signature = sign(null, Buffer.from(text), privateKey);
    return `${SIGNATURE_MARK}${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

const isNoteText = (text: string): boolean => text.endsWith('\n') && !CONTROL.test(text) && !HALF_PAIR.test(text);

export interface OpenedNote {
  text: string;
  /** The trusted keys that signed it. */
  keys: NoteKey[];
}

/**
 * Checks the signatures of a note. Those of unknown keys are ignored; a wrong one of a trusted key is never.
 * @throws UntrustedNote unless a trusted key signed it
 */
export function openNote(note: string, trusted: readonly NoteKey[]): OpenedNote {
  if (note.length > MAX_NOTE_BYTES || Buffer.byteLength(note) > MAX_NOTE_BYTES) throw new UntrustedNote('is too large');
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  if (end < 0 || !isNoteText(note) || !isNoteText(text)) throw new UntrustedNote('is malformed');
  const lines = note.slice(end + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0 || lines.length > MAX_SIGNATURES)
    throw new UntrustedNote('is malformed');
  const keys = new Set<NoteKey>();
  for (const line of lines) {
    const { name, id, signature } = signatureOf(line);
    const key = trusted.find((one) => one.name === name && one.id.equals(id));
    if (!key || keys.has(key)) continue;
    if (signature.length !== SIGNATURE_BYTES || !verify(null, Buffer.from(text), key.publicKey, signature))
      throw new UntrustedNote(`has a wrong signature of ${name}`);
    keys.add(key);
  }
  if (keys.size === 0) throw new UntrustedNote('has no signature of a key that is trusted');
  return { text, keys: [...keys] };
}

function signatureOf(line: string): { name: string; id: Buffer; signature: Buffer } {
  const [name, encoded, ...rest] = line.startsWith(SIGNATURE_MARK) ? line.slice(SIGNATURE_MARK.length).split(' ') : [];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  if (name === undefined || !isKeyName(name) || rest.length > 0 || !bytes || bytes.length <= ID_BYTES)
    throw new UntrustedNote('has a malformed signature line');
  return { name, id: bytes.subarray(0, ID_BYTES), signature: bytes.subarray(ID_BYTES) };
}
