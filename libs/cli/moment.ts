import type { Command } from 'commander';
import { InvalidInput } from '../kernel/errors.js';
import { position, positionOrTime } from './commands.js';

export interface MomentOptions {
  asOf?: string;
  at?: string;
}

/** The moment that was asked for; undefined for now. @throws InvalidInput if both options are given */
export function momentOf({ asOf, at }: MomentOptions): string | undefined {
  if (asOf !== undefined && at !== undefined)
    throw new InvalidInput([{ field: '--at', message: 'cannot be combined with --as-of' }]);
  return asOf ?? at;
}

/** Adds the options of a moment to a command. */
export const withMoment = (command: Command): Command =>
  command
    .option('--as-of <moment>', 'as of a position of the log or a time (RFC 3339)', positionOrTime)
    .option('--at <position>', 'as of a position of the log', position);

/** Adds them to those commands with these names, such as `case list`, that the program has. @returns these commands */
export function addMoments(program: Command, names: readonly string[]): ReadonlySet<Command> {
  const found = names.flatMap((name) => commandNamed(program, name) ?? []);
  return new Set(found.map(withMoment));
}

const commandNamed = (program: Command, name: string): Command | undefined =>
  name
    .split(' ')
    .reduce<Command | undefined>((parent, part) => parent?.commands.find((one) => one.name() === part), program);
