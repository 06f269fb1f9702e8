import { type CommandGroup, command } from '../../cli/commands.js';
import { rowsOf, table } from '../../cli/rendering/table.js';
import type { SettingsAnswer } from '../queries/show-settings.js';

export const settingsCommand: CommandGroup = (program, run) => {
  command(
    program,
    'settings',
    'Shows the settings of the process that answers, without their secrets (role administrator).',
    'settings',
  ).action(
    run(async ({ client, print }) => {
      const answer = await client.get<SettingsAnswer>('/v1/settings');
      const rows = answer.items.map(({ variable, set, value }) => ({
        variable,
        value: value ?? (set ? '(secret)' : ''),
        from: set ? 'environment' : 'default',
      }));
      print(answer, () => table(['variable', 'value', 'from'], rowsOf(rows, 'variable', 'value', 'from')));
    }),
  );
};
