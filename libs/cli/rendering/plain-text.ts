import { visibleText } from '../../kernel/visible-text.js';

const BREAK = /\s*[\r\n]+\s*/g;

/** Text that is safe on a terminal. */
export const plain = visibleText;

/** The same on one line. */
export const plainLine = (text: string): string => plain(text.replace(BREAK, ' '));

declare const shown: unique symbol;
/**
 * Text for people. Whatever a stranger wrote, it is no line of its own and no command for the terminal: only
 * the functions of this file and the tables make such text, and each value that they are given stays on its line.
 */
export type Shown = string & { readonly [shown]: true };

/** A line, as a tagged template. */
export const line = (texts: TemplateStringsArray, ...values: readonly (string | number | null | undefined)[]): Shown =>
  String.raw({ raw: texts }, ...values.map((value) => plainLine(String(value)))) as Shown;

/** Parts, each on lines of its own. */
export const lines = (parts: readonly Shown[]): Shown => parts.join('\n') as Shown;

/** Parts with an empty line between them. */
export const paragraphs = (parts: readonly Shown[]): Shown => parts.join('\n\n') as Shown;

/** Text of several lines, indented, so that none of them looks like one of ours. */
export const quotation = (text: string): Shown => lines(text.split(/\r\n|\r|\n/).map((one) => line`  ${one}`));
