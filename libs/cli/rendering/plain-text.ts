const CONTROL = /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Text that is safe on a terminal: escapes control characters and direction marks, which could forge what is shown. */
export const plain = (text: string): string =>
  text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The same on one line. */
export const plainLine = (text: string): string => plain(text.replace(/\s*[\r\n]+\s*/g, ' '));
