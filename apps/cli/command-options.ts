import { type Command, InvalidArgumentError } from 'commander';
import { isInstant } from './instants.js';

/** Examples below a command's --help. */
export function withExamples(command: Command, ...lines: string[]): Command {
  const title = lines.length > 1 ? 'Examples' : 'Example';
  return command.addHelpText('after', `\n${title}:\n${lines.map((line) => `  $ gatehouse ${line}`).join('\n')}`);
}

/** An option's value that is a whole number. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

/** An option's value that is a position of the log. */
export function position(text: string): string {
  if (/^\d{1,16}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a position of the log, in digits.');
}

/** A position or a time. */
export function positionOrTime(text: string): string {
  if (/^\d{1,16}$/.test(text) || isInstant(text)) return text;
  throw new InvalidArgumentError('It must be a position in digits or a time like 2022-05-18T09:00:00Z.');
}

/** An option that may be given several times, or once with commas. */
export const severalOf = (text: string, before: string[] = []): string[] => [
  ...before,
  ...text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
];
