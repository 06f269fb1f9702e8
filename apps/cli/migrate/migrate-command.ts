import { type CommandGroup, command } from '../../../libs/cli/commands.js';
import { EXIT } from '../../../libs/cli/exit-codes.js';
import { line, lines, type Shown } from '../../../libs/cli/rendering/plain-text.js';
import type { MigratedDatabase } from '../../composition/migrate-configured.js';

export const migrateCommand: CommandGroup = (program, run) => {
  command(
    program,
    'migrate',
    "Brings the database of the server's settings up to this release. With GATEHOUSE_MIGRATION_DATABASE_URL it also separates the owner of the log from the user of the processes, who can then only read and append. Safe to repeat.",
    'migrate',
    'migrate --json',
  ).action(
    run(async ({ print }) => {
      // Loading it would slow down every other command.
      const { migrateConfigured } = await import('../../composition/migrate-configured.js');
      const database = await migrateConfigured(process.env);
      print(database, () => migratedText(database));
      return database.power !== undefined && database.owner !== database.user ? EXIT.failed : EXIT.done;
    }),
  );
};

function migratedText({ migrations, user, owner, power }: MigratedDatabase): Shown {
  return lines([
    migrations.length === 0 ? line`nothing to migrate` : line`migrated: ${migrations.join(', ')}`,
    power === undefined
      ? line`the log belongs to ${owner}; the user of the processes, ${user}, can read it and append to it, and nothing else`
      : line`events are not protected against the service itself, since ${power}`,
  ]);
}
