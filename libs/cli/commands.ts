import { type Command, InvalidArgumentError, Option } from 'commander';
import { hasVisibleCharacter, isGivenPosition, isInstant, isLabel } from '../kernel/text-forms.js';
import type { Runner } from './session.js';

/** Adds a context's commands to the command line. `run` makes a command's work an action of commander. */
export type CommandGroup = (program: Command, run: Runner) => void;

/** Adds a command with its description and the examples of its --help. */
export const command = (parent: Command, name: string, description: string, ...examples: string[]): Command =>
  described(parent.command(name), description, examples);

/** Adds the command that a group runs if it is given none. */
export const defaultCommand = (parent: Command, name: string, description: string, ...examples: string[]): Command =>
  described(parent.command(name, { isDefault: true }), description, examples);

/** A group of commands, which several contexts may add to; the first of them creates it. */
export const sharedGroup = (program: Command, name: string, description: string): Command =>
  program.commands.find((one) => one.name() === name) ?? program.command(name).description(description);

function described(one: Command, description: string, examples: readonly string[]): Command {
  const title = examples.length > 1 ? 'Examples' : 'Example';
  const lines = examples.map((line) => `  $ gatehouse ${line}`);
  return one.description(description).addHelpText('after', `\n${title}:\n${lines.join('\n')}`);
}

/** The value of `ifMatch()`. */
export interface Condition {
  ifMatch?: string;
}

/**
 * The option of a command that edits something.
 * @param shownBy the command that prints its etag
 */
export const ifMatch = (shownBy: string): Option =>
  new Option('--if-match <etag>', `only if nobody has changed it since ${shownBy} printed this etag`);

/** The headers of its request. */
export const conditionOf = ({ ifMatch: etag }: Condition): { headers?: Record<string, string> } =>
  etag === undefined ? {} : { headers: { 'if-match': etag } };

/** Parses an integer. */
export const integer =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be an integer from ${least} to ${most}.`);
  };

/** Parses a position of the log. */
export function position(text: string): string {
  if (isGivenPosition(text)) return text;
  throw new InvalidArgumentError('It must be a position of the log, such as 1234.');
}

/** Parses a position or a time. */
export function positionOrTime(text: string): string {
  if (isGivenPosition(text) || isInstant(text)) return text;
  throw new InvalidArgumentError('It must be a position such as 1234 or a time such as 2022-05-18T09:00:00Z.');
}

/** Parses a time with its offset. */
export function instant(text: string): string {
  if (isInstant(text)) return text;
  throw new InvalidArgumentError('It must be a time such as 2022-05-18T09:00:00Z.');
}

/** Parses why somebody does something. */
export function reason(text: string): string {
  if (hasVisibleCharacter(text)) return text;
  throw new InvalidArgumentError('It must not be blank: say why.');
}

/** Parses a reason that is a label. */
export function label(text: string): string {
  if (isLabel(text)) return text;
  throw new InvalidArgumentError('It must be a lower-case label, like policy-breach.');
}

/** Parses an option that may be repeated, or list values separated by commas. */
export const severalOf = (text: string, before: string[] = []): string[] => [
  ...before,
  ...text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
];
