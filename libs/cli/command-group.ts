import type { Command } from 'commander';
import type { Runner } from './session.js';

/** Adds a context's commands to the command line. `run` makes a command's work an action of commander. */
export type CommandGroup = (program: Command, run: Runner) => void;
