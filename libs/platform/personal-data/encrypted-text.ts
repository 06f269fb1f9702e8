/** Of one person. */
const PREFIX = 'sealed:v1:';
/** Of all its owners, and of a class and month of data: followed by the month and a colon. */
const MONTHLY = 'sealed:v2:';

/** Replaces data of a forgotten person that arrived afterwards. */
export const ERASED = `${PREFIX}erased`;

/** The text can't be decrypted; intended for a forgotten person. */
export class Unreadable extends Error {}

/** At least an iv and a tag after the prefix, so that clear text is not mistaken for encrypted text. */
const FORM = /^sealed:(?:v1:erased|v1:[A-Za-z0-9_-]{38,}|v2:(?<month>\d{6}):[A-Za-z0-9_-]{38,})$/;

export const isEncrypted = (text: string): boolean => FORM.test(text);

/** The month that it was encrypted for, if it was. */
export const monthIn = (text: string): string | undefined => FORM.exec(text)?.groups?.month;

export const toEncryptedText = (bytes: Buffer, month?: string): string =>
  (month === undefined ? PREFIX : `${MONTHLY}${month}:`) + bytes.toString('base64url');

export const fromEncryptedText = (text: string): Buffer =>
  Buffer.from(text.slice(text.lastIndexOf(':') + 1), 'base64url');
