/** One text to seal: whose it is, and the place it belongs to, which must be told again to open it. */
export interface Encryption {
  person: string;
  plaintext: string;
  aad: string;
}

/** Encrypts people's data, each person's under an own key, so that forgetting a key erases what it sealed. */
export interface PersonKeys {
  /** `sealed:v1:` and base64url of iv, tag and ciphertext; ERASED for a person who was forgotten. */
  encrypt(person: string, plaintext: string, aad: string): Promise<string>;

  /** The same for many, in order; unknown people cost one query together. */
  encryptMany(sealings: readonly Encryption[]): Promise<string[]>;

  /**
   * @throws Unreadable when the person was forgotten or is unknown, or the text was not sealed for this person and place
   */
  decrypt(person: string, sealed: string, aad: string): Promise<string>;

  /** Destroys a person's key for good: nothing of theirs opens again, nothing new is kept. */
  forget(person: string): Promise<void>;

  /** Keyed hash in hex: finds equal texts (a normalised e-mail) without holding them. The same key for every person. */
  keyedHash(text: string): string;
}

const PREFIX = 'sealed:v1:';

/** Stands for data of a forgotten person that arrived afterwards. */
export const ERASED = `${PREFIX}erased`;

/** The text can't be opened; for a forgotten person that is as it should be. */
export class Unreadable extends Error {}

/** At least an iv and a tag behind the prefix: clear text does not pass for sealed. */
const FORM = /^sealed:v1:(?:erased|[A-Za-z0-9_-]{38,})$/;

export const isEncrypted = (text: string): boolean => FORM.test(text);

export const toEncryptedText = (bytes: Buffer): string => PREFIX + bytes.toString('base64url');

export const fromEncryptedText = (text: string): Buffer => Buffer.from(text.slice(PREFIX.length), 'base64url');
