import { type CommandGroup, command, integer, reason } from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import { table, time } from '../../cli/rendering/table.js';
import { listed } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import type { IsolatedFlagEntry, IsolatedFlagger } from '../queries/list-isolated-flags.js';

const PATH = '/v1/isolated-flags';
const pathOf = (flagger: string): string => `${PATH}/${encodeURIComponent(flagger)}`;

export const flaggerCommands: CommandGroup = (program, run) => {
  const group = program
    .command('flagger')
    .description('Shows who flags too much, and what becomes of their flags, which are kept apart. For leads.');

  command(group, 'list', 'Lists whose flags are or were kept apart.', 'flagger list')
    .option('--limit <n>', 'maximum number of flaggers', integer(1, 1_000_000), 50)
    .action(
      run<{ limit: number }>(async (session, { limit }) => {
        const items = await listed<IsolatedFlagger>(session, PATH, {}, limit);
        session.print({ items }, () =>
          table(
            ['flagger', 'kind', 'kept apart', 'since', 'until', 'per hour', 'waiting'],
            items.map((one) => [
              one.flaggedBy,
              one.flaggerKind,
              one.isIsolated,
              time(one.since),
              time(one.until),
              one.perHour,
              one.waiting,
            ]),
            'nobody flags too much',
          ),
        );
      }),
    );

  command(group, 'flags <id>', 'Lists the flags of somebody that were kept apart.', 'flagger flags detector-1')
    .option('--limit <n>', 'maximum number of flags', integer(1, 1_000_000), 50)
    .action(
      run<{ limit: number }>(async (session, { limit }, id) => {
        const items = await listed<IsolatedFlagEntry>(session, pathOf(id!), {}, limit);
        session.print({ items }, () =>
          table(
            ['position', 'time', 'image', 'categories', 'replayed'],
            items.map((one) => [
              Number(one.position),
              time(one.flaggedAt),
              one.imageId,
              one.categories.join(', '),
              one.isReplayed,
            ]),
            'no flags were kept apart',
          ),
        );
      }),
    );

  command(
    group,
    'replay <id>',
    'Puts the flags of somebody that are kept apart into the cases of their images.',
    "flagger replay detector-1 --reason 'they are right'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<{ reason: string }>(async ({ client, print }, body, id) => {
        const written = await client.post<WriteReceipt>(`${pathOf(id!)}/replay`, body, { repeatable: true });
        print(written, () => line`the flags of ${id} are being replayed`);
      }),
    );

  command(
    group,
    'release <id>',
    'Stops isolating a flagger’s new flags. Earlier ones stay apart until they are replayed.',
    "flagger release detector-1 --reason 'its threshold was corrected'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<{ reason: string }>(async ({ client, print }, query, id) => {
        const written = await client.request<WriteReceipt>('DELETE', pathOf(id!), { query });
        print(written, () => line`later flags of ${id} open cases again`);
      }),
    );
};
