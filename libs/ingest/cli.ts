import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { type CommandGroup, command, integer, reason } from '../cli/commands.js';
import { EXIT } from '../cli/exit-codes.js';
import { line, paragraphs, quotation } from '../cli/rendering/plain-text.js';
import { pairs, rowsOf, table } from '../cli/rendering/table.js';
import { listed } from '../cli/session.js';
import { InvalidInput } from '../kernel/errors.js';
import { parseJsonBytes } from '../kernel/json-bytes.js';
import type { ReplayAnswer, WholeEntry } from './http/quarantine.controller.js';
import type { QuarantineEntry } from './quarantine-entry.js';

const ALL = 1_000_000;
/** Reasons that the token of the sender does not allow the event. A replay would follow the binding of its caller instead. */
const NOT_ALLOWED = ['source-not-allowed', 'type-not-allowed'];

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('quarantine')
    .description('Lists, replays and discards reported events that were not accepted.');

  command(group, 'list', 'Lists the entries, oldest first.', 'quarantine list', 'quarantine list --status replayed')
    .addOption(
      new Option('--status <status>', 'only entries with this status')
        .choices(['waiting', 'replayed', 'resolved', 'discarded'])
        .default('waiting'),
    )
    .option('--limit <n>', 'maximum number of entries', integer(1, ALL), 50)
    .action(
      run<{ status: string; limit: number }>(async (session, { status, limit }) => {
        const items = await listed<QuarantineEntry>(session, '/v1/quarantine', { status }, limit);
        session.print({ items }, () =>
          table(
            ['id', 'last seen', 'seen', 'source', 'event', 'type', 'reason', 'field', 'detail'],
            rowsOf(items, 'id', 'lastSeenAt', 'seen', 'source', 'eventId', 'type', 'reason', 'field', 'detail'),
            `no entry is ${status}`,
          ),
        );
      }),
    );

  command(
    group,
    'show <id>',
    'Shows an entry with its raw bytes.',
    'quarantine show 0196e0f0-0000-7000-8000-000000000001 --reason "a sender asks why"',
  )
    .option('--reason <text>', 'why; the log records it with who read the bytes', reason)
    .action(
      run<{ reason?: string }>(async ({ client, print }, { reason }, id) => {
        const path = `/v1/quarantine/${encodeURIComponent(id!)}`;
        const entry = await client.get<WholeEntry>(path, { reason });
        const { raw, rawBase64, ...about } = entry;
        const settled = line`no bytes: the entry is ${entry.status}, and only a waiting one keeps them`;
        const base64 = rawBase64 === undefined ? settled : line`${rawBase64} (base64)`;
        const bytes = raw === undefined ? base64 : quotation(raw);
        print(entry, () => paragraphs([pairs(Object.entries(about)), bytes]));
      }),
    );

  command(
    group,
    'replay [ids...]',
    'Retries entries. Fix the cause first.',
    'quarantine replay 0196e0f0-0000-7000-8000-000000000001',
    'quarantine replay --all',
    'quarantine replay 0196e0f0-0000-7000-8000-000000000001 --event corrected.json',
  )
    .option(
      '--all',
      `every waiting entry, except ${NOT_ALLOWED.join(' and ')}: replaying those is your decision for each`,
    )
    .option('--event <file>', 'a corrected CloudEvent in JSON, in place of the event of the one entry named')
    .action(
      run<{ all?: boolean; event?: string }>(async ({ client, print, progress, remark }, { all, event }, ...given) => {
        const named = given.flat();
        if (event !== undefined && named.length !== 1) {
          throw new InvalidInput([{ field: '--event', message: 'corrects one entry: name exactly one id' }]);
        }
        const corrected = event === undefined ? undefined : await eventFrom(event);
        if (named.length > 0 === (all === true)) {
          throw new InvalidInput([
            { field: '', message: 'no entries given: name the ids to replay, or use --all for every entry, not both' },
          ]);
        }
        const waiting = all ? await client.list<QuarantineEntry>('/v1/quarantine', { status: 'waiting' }, ALL) : [];
        const allowed = waiting.filter(({ reason }) => !NOT_ALLOWED.includes(reason));
        const notAllowed = waiting.length - allowed.length;
        if (notAllowed > 0) {
          remark(
            line`left out ${notAllowed} with events that their senders may not send: name their ids to replay them`,
          );
        }
        const ids = all ? allowed.map(({ id }) => id) : named;
        const items: (ReplayAnswer & { quarantineId: string })[] = [];
        progress.start('replaying', ids.length);
        for (const quarantineId of ids) {
          const path = `/v1/quarantine/${encodeURIComponent(quarantineId)}/${corrected ? 'edited-replay' : 'replay'}`;
          const result = await client.post<ReplayAnswer>(path, corrected, { repeatable: true });
          items.push({ ...result, quarantineId });
          progress.update(items.length);
        }
        progress.end();
        print({ items }, () =>
          table(
            ['entry', 'outcome', 'reason', 'field', 'detail'],
            rowsOf(items, 'quarantineId', 'outcome', 'reason', 'field', 'detail'),
            'no entry is waiting',
          ),
        );
        return items.some(({ outcome }) => outcome === 'quarantined') ? EXIT.failed : EXIT.done;
      }),
    );

  command(
    group,
    'discard <ids...>',
    "Discards entries: deletes their bytes, so that they can't be replayed.",
    'quarantine discard 0196e0f0-0000-7000-8000-000000000001',
  ).action(
    run(async ({ client, print }, _, ...given) => {
      const items: WholeEntry[] = [];
      for (const id of given.flat()) items.push(await client.delete(`/v1/quarantine/${encodeURIComponent(id!)}`));
      print({ items }, () => table(['entry', 'status', 'settled by'], rowsOf(items, 'id', 'status', 'settledBy')));
    }),
  );
};

async function eventFrom(file: string): Promise<unknown> {
  try {
    return parseJsonBytes(await readFile(file));
  } catch (error) {
    const message = `${file} can't be read as JSON (${(error as Error).message}): give a file with one CloudEvent`;
    throw new InvalidInput([{ field: '--event', message }]);
  }
}
