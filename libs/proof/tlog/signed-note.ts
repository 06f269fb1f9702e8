import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';

/*
 * C2SP signed-note: lines with Ed25519 signatures, and the text form of keys, as golang.org/x/mod/sumdb/note has them. With
 * C2SP tlog-cosignature v1, by which a witness signs the same text with the time.
 */

const ED25519 = 0x01;
const COSIGNATURE = 0x04;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const TIME_BYTES = 8;
const ID_BYTES = 4;
/** The end of the year 9999, in seconds since 1970. */
const MAX_TIME = 253_402_300_799;
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
  /** The first four bytes of the SHA-256 over name, kind and key. */
  id: Buffer;
  /** A log signs the text of a note; a witness signs the text and the time. */
  kind: 'log' | 'witness';
}

export interface NoteSigner extends NoteKey {
  privateKey: KeyObject;
}

const typeOf = (kind: NoteKey['kind']): number => (kind === 'log' ? ED25519 : COSIGNATURE);

/** @param raw the 32 bytes of an Ed25519 public key */
export function noteKey(name: string, raw: Buffer, kind: NoteKey['kind'] = 'log'): NoteKey {
  if (!isKeyName(name)) throw new RangeError(`${JSON.stringify(name)} is no name of a key: leave out spaces and plus`);
  const typed = Buffer.concat([Buffer.of(typeOf(kind)), raw]);
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'buffer');
  const publicKey = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, raw]), format: 'der', type: 'spki' });
  return { name, publicKey, raw, id: id.subarray(0, ID_BYTES), kind };
}

export const isKeyName = (name: string): boolean => NAME.test(name) && !CONTROL.test(name) && !HALF_PAIR.test(name);

/** @param seed the 32 bytes of an Ed25519 private key */
export function noteSigner(name: string, seed: Buffer, kind: NoteKey['kind'] = 'log'): NoteSigner {
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { ...noteKey(name, spki.subarray(PUBLIC_PREFIX.length), kind), privateKey };
}

/** A key as people pass it on: `name+hash+key`. */
export const verifierText = ({ name, id, raw, kind }: NoteKey): string =>
  `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.of(typeOf(kind)), raw]).toString('base64')}`;

/** The key that `name+hash+key` is; undefined if it is malformed, of another kind, or its hash is wrong. */
export function parseVerifier(text: string, kind: NoteKey['kind'] = 'log'): NoteKey | undefined {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(text) ?? [];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  if (name === undefined || !isKeyName(name) || bytes?.length !== 1 + KEY_BYTES || bytes[0] !== typeOf(kind))
    return undefined;
  const key = noteKey(name, bytes.subarray(1), kind);
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
  const lines = signers.map((signer) => signatureLine(signer, sign(null, Buffer.from(text), signer.privateKey)));
  return `${text}\n${lines.join('')}`;
}

/** The line that a signature is in a note. */
export const signatureLine = ({ name, id }: NoteKey, signature: Uint8Array): string =>
  `${SIGNATURE_MARK}${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;

/**
 * The line by which a witness says that this was the largest tree of the log that it had seen at that time.
 * @param time in seconds since 1970
 */
export function cosignatureLine(text: string, witness: NoteSigner, time: number): string {
  const stamp = Buffer.alloc(TIME_BYTES);
  stamp.writeBigUInt64BE(BigInt(time));
  return signatureLine(witness, Buffer.concat([stamp, sign(null, cosigned(text, time), witness.privateKey)]));
}

const cosigned = (text: string, time: number | bigint): Buffer => Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);

const isNoteText = (text: string): boolean => text.endsWith('\n') && !CONTROL.test(text) && !HALF_PAIR.test(text);

export interface OpenedNote {
  text: string;
  /** The trusted keys that signed it. */
  keys: NoteKey[];
  /** When those of witnesses signed it, in seconds since 1970. */
  times: ReadonlyMap<NoteKey, number>;
}

/**
 * Checks the signatures of a note. Those of unknown keys are ignored; a wrong one of a trusted key is never.
 * @throws UntrustedNote unless a trusted key signed it
 */
export function openNote(note: string, trusted: readonly NoteKey[]): OpenedNote {
  const { text, lines } = noteParts(note);
  const keys = new Set<NoteKey>();
  const times = new Map<NoteKey, number>();
  for (const line of lines) {
    const { name, id, signature } = signatureOf(line);
    const key = trusted.find((one) => one.name === name && one.id.equals(id));
    if (!key || keys.has(key)) continue;
    const time = key.kind === 'log' ? 0 : timeOf(signature);
    if (time === undefined || !isSigned(text, key, signature))
      throw new UntrustedNote(`has a wrong signature of ${name}`);
    keys.add(key);
    if (key.kind === 'witness') times.set(key, time);
  }
  if (keys.size === 0) throw new UntrustedNote('has no signature of a key that is trusted');
  return { text, keys: [...keys], times };
}

/** @throws UntrustedNote if it is malformed */
export function noteParts(note: string): { text: string; lines: string[] } {
  if (note.length > MAX_NOTE_BYTES || Buffer.byteLength(note) > MAX_NOTE_BYTES) throw new UntrustedNote('is too large');
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  if (end < 0 || !isNoteText(note) || !isNoteText(text)) throw new UntrustedNote('is malformed');
  const lines = note.slice(end + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0 || lines.length > MAX_SIGNATURES)
    throw new UntrustedNote('is malformed');
  return { text, lines };
}

function isSigned(text: string, { kind, publicKey }: NoteKey, signature: Buffer): boolean {
  const stamp = kind === 'log' ? 0 : TIME_BYTES;
  if (signature.length !== stamp + SIGNATURE_BYTES) return false;
  const message = stamp === 0 ? Buffer.from(text) : cosigned(text, signature.readBigUInt64BE());
  return verify(null, message, publicKey, signature.subarray(stamp));
}

/** The time of a cosignature; undefined if it has none that a date can be. */
function timeOf(signature: Buffer): number | undefined {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined;
  const time = Number(signature.readBigUInt64BE());
  return time <= MAX_TIME ? time : undefined;
}

function signatureOf(line: string): { name: string; id: Buffer; signature: Buffer } {
  const [name, encoded, ...rest] = line.startsWith(SIGNATURE_MARK) ? line.slice(SIGNATURE_MARK.length).split(' ') : [];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  if (name === undefined || !isKeyName(name) || rest.length > 0 || !bytes || bytes.length <= ID_BYTES)
    throw new UntrustedNote('has a malformed signature line');
  return { name, id: bytes.subarray(0, ID_BYTES), signature: bytes.subarray(ID_BYTES) };
}
