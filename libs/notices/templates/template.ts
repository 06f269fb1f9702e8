import type { Notice } from '../notice.js';

export interface Message {
  subject: string;
  text: string;
}

/** Writes a notice in one language. `appealUrl` is where a person can appeal, if the setting names it. */
export type Template = (notice: Notice, appealUrl: string | undefined) => Message;

/** The parts that a notice has, one paragraph each. */
export const paragraphs = (...parts: (string | false | undefined)[]): string =>
  `${parts.filter(Boolean).join('\n\n')}\n`;
