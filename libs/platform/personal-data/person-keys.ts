/** A string to encrypt, with its person and its place as associated data, which decryption needs too. */
export interface Encryption {
  person: string;
  plaintext: string;
  aad: string;
}

/** Encrypts each person's data with that person's key: destroying the key erases the data. */
export interface PersonKeys {
  /** `sealed:v1:` and base64url of iv, tag and ciphertext; ERASED for a person who was forgotten. */
  encrypt(person: string, plaintext: string, aad: string): Promise<string>;

  /** The same for many strings, in order; all unknown people cost one query. */
  encryptMany(texts: readonly Encryption[]): Promise<string[]>;

  /**
   * @throws Unreadable if the person is forgotten or unknown, or the text was encrypted for another person or place
   */
  decrypt(person: string, encrypted: string, aad: string): Promise<string>;

  /** Destroys a person's key: their data can't be decrypted any more, and new data of theirs is not kept. */
  forget(person: string): Promise<void>;

  /** Keyed hash in hex, to find equal strings (a normalised e-mail) without storing them. One key for all people. */
  keyedHash(text: string): string;
}

const PREFIX = 'sealed:v1:';

/** Replaces data of a forgotten person that arrived afterwards. */
export const ERASED = `${PREFIX}erased`;

/** The text can't be decrypted; intended for a forgotten person. */
export class Unreadable extends Error {}

/** At least an iv and a tag after the prefix, so that clear text is not mistaken for encrypted text. */
const FORM = /^sealed:v1:(?:erased|[A-Za-z0-9_-]{38,})$/;

export const isEncrypted = (text: string): boolean => FORM.test(text);

export const toEncryptedText = (bytes: Buffer): string => PREFIX + bytes.toString('base64url');

export const fromEncryptedText = (text: string): Buffer => Buffer.from(text.slice(PREFIX.length), 'base64url');
