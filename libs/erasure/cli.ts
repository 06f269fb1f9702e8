import { type CommandGroup, command, instant, integer, reason } from '../cli/commands.js';
import { line, lines } from '../cli/rendering/plain-text.js';
import { table, time } from '../cli/rendering/table.js';
import { saveFile } from '../cli/save-file.js';
import { listed, type Session } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import { keysCommands } from './cli/keys.js';
import { personPage } from './cli/person-page.js';
import { retentionCommand } from './cli/retention.js';
import type { PersonExport } from './features/export-person.js';
import type { Access, AccessPage } from './queries/list-accesses.js';
import type { ErasureEntry } from './queries/list-erasures.js';
import type { RequestEntry } from './queries/list-requests.js';
import type { ErasureAnswer } from './queries/show-erasure.js';

export const commands: CommandGroup = (program, run) => {
  keysCommands(program, run);

  const group = program
    .command('person')
    .description('What is stored of people: exports it, shows who read it, erases it.');

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

  command(
    group,
    'export <person>',
    'Saves what is stored of a person as JSON, or as a page to read. What others wrote, and who they are, is withheld. Recorded in the log with the reason.',
    "person export acc-1 --out acc-1.json --reason 'request-2022-17'",
    "person export acc-1 --html acc-1.html --reason 'request-2022-17'",
  )
    .requiredOption('--reason <text>', 'why; no personal data', reason)
    .option('--out <file>', 'where to save the JSON; it must not exist')
    .option('--html <file>', 'where to save the page; it must not exist')
    .action(
      run<{ reason: string; out?: string; html?: string }>(async (session, { reason: why, out, html }, person) => {
        const bytesOf = async () => {
          const events = await exported(session, person!, why);
          const json = `${JSON.stringify({ person, events }, null, 2)}\n`;
          return { events, bytes: Buffer.from(html === undefined ? json : personPage(person!, events)) };
        };
        const path = html ?? out;
        const { events } = path === undefined ? await bytesOf() : await saveFile(path, bytesOf);
        const answer = { person, events };
        session.print(path === undefined ? answer : { person, saved: path, events: events.length }, () =>
          path === undefined
            ? line`${events.length} events: give --out, --html or --json to get them`
            : line`${events.length} events are saved in ${path}`,
        );
      }),
    );

  command(
    group,
    'accesses',
    'Lists who read what people wrote, their images or their addresses, or exported what is stored of them.',
    'person accesses --person acc-1',
    'person accesses --reader rita',
  )
    .option('--person <id>', 'only what was read of this person')
    .option('--reader <name>', 'only what this reader read')
    .action(
      run<{ person?: string; reader?: string }>(async ({ client, print }, filter) => {
        const items: Access[] = [];
        for (let after = 0, atHead = false; !atHead; ) {
          const page = await client.get<AccessPage>('/v1/accesses', { ...filter, after: String(after) });
          items.push(...page.items);
          ({ next: after, atHead } = page);
        }
        const rows = items.map(({ time: at, reader, role, what, of, reason: why }) => [
          ...[time(at), reader, role, what, of, why],
        ]);
        print({ items }, () => table(['time', 'reader', 'role', 'what', 'of', 'reason'], rows, 'nobody has read any'));
      }),
    );

  const requests = program
    .command('request')
    .description('What people asked for about their data, and when it is due.');

  command(requests, 'list', 'Lists requests, what is due first.', 'request list', 'request list --all')
    .option('--all', 'those that were answered, too')
    .option('--limit <n>', 'maximum number of requests', integer(1, 1_000_000), 50)
    .action(
      run<{ all?: boolean; limit: number }>(async (session, { all = false, limit }) => {
        const query = all ? {} : { open: 'true' };
        const items = await listed<RequestEntry>(session, '/v1/subject-requests', query, limit);
        const rows = items.map((one) => [
          ...[one.requestId, one.person, one.kind, time(one.receivedAt), time(one.dueAt), one.outcome, one.reason],
        ]);
        const head = ['request', 'person', 'kind', 'received', 'due', 'outcome', 'reason'];
        session.print({ items }, () => table(head, rows, 'no request'));
      }),
    );

  command(
    requests,
    'add <request> <person> <kind>',
    'Records that a person asked for an export, an erasure or a correction. Repeating it changes nothing.',
    'request add request-2022-17 acc-1 export --received-at 2022-05-18T09:00:00Z',
  )
    .requiredOption('--received-at <time>', 'when it was received', instant)
    .action(
      run<{ receivedAt: string }>(async ({ client, print }, { receivedAt }, requestId, person, kind) => {
        const body = { requestId, person, kind, receivedAt };
        const written = await client.post<WriteReceipt>('/v1/subject-requests', body, { repeatable: true });
        print(written, () => line`request ${requestId} of ${person} is recorded`);
      }),
    );

  command(
    requests,
    'close <request> <outcome>',
    'Records that a request was done or refused. Repeating it changes nothing.',
    "request close request-2022-17 done --reason 'sent by post'",
  )
    .requiredOption('--reason <text>', 'why, or how; no personal data', reason)
    .action(
      run<{ reason: string }>(async ({ client, print }, { reason: why }, requestId, outcome) => {
        const path = `/v1/subject-requests/${encodeURIComponent(requestId!)}/closing`;
        const written = await client.post<WriteReceipt>(path, { outcome, reason: why }, { repeatable: true });
        print(written, () => line`request ${requestId} is closed`);
      }),
    );
  retentionCommand(program, run);
};

/** All parts. */
async function exported({ client }: Session, person: string, why: string): Promise<PersonExport['events']> {
  const events: PersonExport['events'] = [];
  for (let after = '0', atHead = false; !atHead; ) {
    const body = { reason: why, ...(after !== '0' && { after }) };
    const part = await client.post<PersonExport>(`/v1/persons/${encodeURIComponent(person)}/exports`, body, {
      repeatable: true,
    });
    events.push(...part.events);
    ({ next: after, atHead } = part);
  }
  return events;
}

const erasureOf = (person: string): string => `/v1/persons/${encodeURIComponent(person)}/erasure`;

function erasureText(found: ErasureAnswer) {
  const { person, status, dueAt, hold, waitingFor, erasedAt, backupsExpireAt, databaseBackupsExpireAt, position } =
    found;
  if (status === 'none') return line`the erasure of ${person} was cancelled`;
  if (status === 'erased')
    return lines([
      line`${person} is erased since ${time(erasedAt!)}`,
      line`the last backup that may have the keys expires at ${time(backupsExpireAt!)}`,
      ...(databaseBackupsExpireAt === null
        ? []
        : [
            line`backups of the database from before its keys were moved out of it have them until ${time(databaseBackupsExpireAt)}`,
          ]),
      line`gatehouse audit prove ${position} writes the certificate`,
    ]);
  if (status === 'started')
    return line`the keys of ${person} are destroyed; waiting for ${waitingFor.length} processes to drop them`;
  const due = line`the erasure of ${person} is started at ${time(dueAt!)}: gatehouse person keep ${person} cancels it`;
  return hold === null ? due : lines([due, line`not before its hold is lifted: ${hold}`]);
}
