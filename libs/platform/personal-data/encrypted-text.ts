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
