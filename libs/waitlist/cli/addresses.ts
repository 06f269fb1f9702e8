import { type CommandGroup, command, label, reason, sharedGroup } from '../../cli/commands.js';
import { exactCell } from '../../cli/rendering/csv.js';
import { line } from '../../cli/rendering/plain-text.js';
import { people } from '../../kernel/counted.js';
import type { LineAddressesAnswer } from '../features/export-line.js';

const COLUMNS = ['accountId', 'email', 'locale', 'class'] as const;

export const waitlistAddressesCommand: CommandGroup = (program, run) => {
  const group = sharedGroup(program, 'waitlist', 'Adds people to the waitlist, removes them and lists it.');
  command(
    group,
    'addresses',
    'Prints the addresses of people who wait as CSV, in the order of the line, for a campaign of invitations. Who read them, and why, is recorded. Hold-outs and people who have withdrawn are left out. Each address is written as it is; a spreadsheet may run one that begins with =, +, - or @ as a formula, so import the columns as text there.',
    "waitlist addresses --class artists --reason 'invitations of June' > artists.csv",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .option('--class <class>', 'only people of this class', label)
    .action(
      run<{ reason: string; class?: string }>(async ({ client, json, printItem, remark }, { reason, class: of }) => {
        let withheld = 0;
        let isFirst = true;
        for (let cursor: string | undefined, isLast = false; !isLast; isLast = cursor === undefined) {
          const body = { reason, class: of, cursor };
          const part = await client.post<LineAddressesAnswer>('/v1/waitlist/address-exports', body, {
            repeatable: true,
          });
          if (!json && isFirst) printItem(undefined, () => line`${COLUMNS.join(',')}`);
          isFirst = false;
          for (const person of part.items)
            printItem(person, () => line`${COLUMNS.map((name) => exactCell(person[name])).join(',')}`);
          if (json) for (const one of part.withheld) printItem(one, () => line`${one.accountId}`);
          withheld += part.withheld.length;
          cursor = part.nextCursor;
        }
        if (withheld > 0)
          remark(line`${people(withheld, ['is', 'are'])} left out: no longer in the line, or the address is erased`);
      }),
    );
};
