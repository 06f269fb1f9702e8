import type { CommandGroup } from '../cli/commands.js';
import { replayCommands } from './cli/replays.js';
import { settingsCommand } from './cli/settings.js';
import { statusCommand } from './cli/status.js';
import { tokenCommands } from './cli/token.js';
import { viewsCommands } from './cli/views.js';

export { passed, settled } from './cli/consumers.js';
export { statusText } from './cli/status.js';

export const commands: CommandGroup = (program, run) => {
  statusCommand(program, run);
  settingsCommand(program, run);
  tokenCommands(program, run);
  viewsCommands(program, run);
  replayCommands(program, run);
};
