import { type CommandGroup, command, integer, reason } from '../cli/commands.js';
import { line, lines } from '../cli/rendering/plain-text.js';
import { table, time } from '../cli/rendering/table.js';
import { listed } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import type { ErasureEntry } from './queries/list-erasures.js';
import type { ErasureAnswer } from './queries/show-erasure.js';

export const commands: CommandGroup = (program, run) => {
  const group = program.command('person').description('Erases what is stored of people.');

  command(
    group,
    'erase <person>',
    'Requests that what is stored of a person becomes unreadable, for good. It is started after a time of days, until when it can be cancelled. Repeating it changes nothing. Role compliance or administrator.',
    "person erase acc-1 --reason 'the person asked for it'",
  )
    .requiredOption('--reason <text>', 'why; no personal data', reason)
    .action(
      run<{ reason: string }>(async ({ client, print }, { reason: why }, person) => {
        await client.post<WriteReceipt>(erasureOf(person!), { reason: why }, { repeatable: true });
        const found = await client.get<ErasureAnswer>(erasureOf(person!));
        print(found, () => erasureText(found));
      }),
    );

  command(
    group,
    'keep <person>',
    'Cancels an erasure that was not started. Repeating it changes nothing.',
    "person keep acc-1 --reason 'the person changed their mind'",
  )
    .requiredOption('--reason <text>', 'why; no personal data', reason)
    .action(
      run<{ reason: string }>(async ({ client, print }, { reason: why }, person) => {
        const written = await client.request<WriteReceipt>('DELETE', erasureOf(person!), { query: { reason: why } });
        print(written, () => line`the erasure of ${person} is cancelled`);
      }),
    );

  command(group, 'erasure <person>', 'Shows how far the erasure of a person is.', 'person erasure acc-1').action(
    run(async ({ client, print }, _, person) => {
      const found = await client.get<ErasureAnswer>(erasureOf(person!));
      print(found, () => erasureText(found));
    }),
  );

  command(group, 'erasures', 'Lists erasures, the oldest first.', 'person erasures --status requested')
    .option('--status <status>', 'only those that are cancelled, requested, started or erased')
    .option('--limit <n>', 'maximum number of erasures', integer(1, 1_000_000), 50)
    .action(
      run<{ status?: string; limit: number }>(async (session, { status, limit }) => {
        const items = await listed<ErasureEntry>(session, '/v1/erasures', { status }, limit);
        const rows = items.map((one) => [
          ...[one.person, one.status, one.reason, time(one.requestedAt), time(one.dueAt)],
          one.erasedAt && time(one.erasedAt),
        ]);
        const head = ['person', 'status', 'reason', 'requested', 'due', 'erased'];
        session.print({ items }, () => table(head, rows, 'no erasure'));
      }),
    );
};

const erasureOf = (person: string): string => `/v1/persons/${encodeURIComponent(person)}/erasure`;

function erasureText(found: ErasureAnswer) {
  const { person, status, dueAt, hold, waitingFor, erasedAt, backupsExpireAt, position } = found;
  if (status === 'none') return line`the erasure of ${person} was cancelled`;
  if (status === 'erased')
    return lines([
      line`${person} is erased since ${time(erasedAt!)}`,
      line`the last backup of the keys expires at ${time(backupsExpireAt!)}`,
      line`gatehouse audit prove ${position} writes the certificate`,
    ]);
  if (status === 'started')
    return line`the keys of ${person} are destroyed; waiting for ${waitingFor.length} processes to drop them`;
  const due = line`the erasure of ${person} is started at ${time(dueAt!)}: gatehouse person keep ${person} cancels it`;
  return hold === null ? due : lines([due, line`not before its hold is lifted: ${hold}`]);
}
