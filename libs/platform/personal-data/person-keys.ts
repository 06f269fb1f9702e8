/** One text to encrypt: whose it is, and the place it belongs to, which decrypting it needs again. */
export interface Encryption {
  person: string;
  plaintext: string;
  aad: string;
}

/** Encrypts people's data, each person's under an own key, so that forgetting a key erases what it encrypted. */
export interface PersonKeys {
  /** `sealed:v1:` and base64url of iv, tag and ciphertext; ERASED for a person who was forgotten. */
  encrypt(person: string, plaintext: string, aad: string): Promise<string>;

  /** The same for many, in order; unknown people cost one query together. */
  encryptMany(texts: readonly Encryption[]): Promise<string[]>;

  /**
   * @throws Unreadable when the person was forgotten or is unknown, or the text was not encrypted for this person and place
   */
  decrypt(person: string, encrypted: string, aad: string): Promise<string>;

  /** Destroys a person's key for good: nothing of theirs can be decrypted again, nothing new is kept. */
  forget(person: string): Promise<void>;

  /** Keyed hash in hex: finds equal texts (a normalised e-mail) without holding them. The same key for every person. */
  keyedHash(text: string): string;
}

const PREFIX = 'sealed:v1:';

/** Stands for data of a forgotten person that arrived afterwards. */
export const ERASED = `${PREFIX}erased`;

/** The text can't be decrypted; for a forgotten person that is intended. */
export class Unreadable extends Error {}

/** At least an iv and a tag behind the prefix: clear text is not mistaken for encrypted text. */
const FORM = /^sealed:v1:(?:erased|[A-Za-z0-9_-]{38,})$/;

export const isEncrypted = (text: string): boolean => FORM.test(text);

export const toEncryptedText = (bytes: Buffer): string => PREFIX + bytes.toString('base64url');

export const fromEncryptedText = (text: string): Buffer => Buffer.from(text.slice(PREFIX.length), 'base64url');
