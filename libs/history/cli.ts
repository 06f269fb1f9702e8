import { type CommandGroup, sharedGroup } from '../cli/commands.js';
import { decisionCommand } from './cli/decision.js';
import { decisionsCommand } from './cli/decisions.js';
import { historyCommands } from './cli/history.js';
import { metricsHistoryCommand } from './cli/metrics.js';
import { searchCommands } from './cli/search.js';

export const commands: CommandGroup = (program, run) => {
  const group = sharedGroup(
    program,
    'audit',
    'Shows what was known when, by whom and why, and proves that nobody changed the log.',
  );
  historyCommands(group, run);
  metricsHistoryCommand(group, run);
  decisionCommand(group, run);
  decisionsCommand(group, run);
  searchCommands(group, run);
};
