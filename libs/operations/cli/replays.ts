import type { Command } from 'commander';
import { command, integer, position, positionOrTime, severalOf, sharedGroup } from '../../cli/commands.js';
import { EXIT } from '../../cli/exit-codes.js';
import { line, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { type Cell, exactTime, rowsOf, table } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import type { ViewJob } from '../jobs/view-jobs.js';
import type { KeptReplaysAnswer } from '../queries/list-replays.js';
import { finished } from './views.js';

const MOST_ROWS = 1_000;
const VALUE_CHARACTERS = 60;

export function replayCommands(program: Command, run: Runner): void {
  const group = sharedGroup(
    program,
    'audit',
    'Shows what was known when, by whom and why, and proves that nobody changed the log.',
  );

  command(
    group,
    'rebuild [views...]',
    `Replays views up to a position, twice, into tables of their own, and prints a digest of each table. The exit code is ${EXIT.differs} if the two replays differ. Role compliance or administrator.`,
    'audit rebuild --at 1234',
    'audit rebuild cases images --at 1234 --keep before_the_change --json',
  )
    .requiredOption('--at <position>', 'the position up to which the log is replayed', position)
    .option('--keep <name>', 'keep the tables under this name: lower-case letters, digits and underscores')
    .action(
      run<{ at: string; keep?: string }>(async ({ client, print, progress }, { at, keep }, ...views) => {
        const started: ViewJob = await client.post('/v1/audit/replays', { at, keep, ...chosen(views.flat()) });
        const job = await finished(client, started, progress);
        print(job, () => digestsText(job));
        return job.digests?.some(({ equal }) => !equal) ? EXIT.differs : EXIT.done;
      }),
    );

  command(
    group,
    'replays',
    'Lists the replays whose tables are kept, with their digests. Role compliance or administrator.',
    'audit replays',
  ).action(
    run(async ({ client, print }) => {
      const found = await client.get<KeptReplaysAnswer>('/v1/audit/replays');
      print(found, () => keptText(found));
    }),
  );

  command(
    group,
    'drop-replay <name>',
    'Drops the tables of a kept replay. Role compliance or administrator.',
    'audit drop-replay before_the_change',
  ).action(
    run(async ({ client, print }, _, name) => {
      const dropped = await client.delete(`/v1/audit/replays/${encodeURIComponent(name!)}`);
      print(dropped, () => line`dropped ${name!}`);
    }),
  );

  command(
    group,
    'diff',
    'Shows what changed in the views between two positions, by view and row; kept replays of them are not replayed again. Role compliance or administrator.',
    'audit diff --from 1000 --to 1042',
    'audit diff --from 2022-05-18T09:00:00Z --to 2022-05-19T09:00:00Z --views cases,images --json',
  )
    .requiredOption('--from <moment>', 'a position of the log or a time (RFC 3339)', positionOrTime)
    .requiredOption('--to <moment>', 'a later one', positionOrTime)
    .option('--views <views>', 'only these, separated by commas', severalOf)
    .option('--rows <n>', 'how many rows of each table are named', integer(1, MOST_ROWS), 100)
    .action(
      run<{ from: string; to: string; views?: string[]; rows: number }>(
        async ({ client, print, progress }, { from, to, views = [], rows }) => {
          const started: ViewJob = await client.post('/v1/audit/diffs', { from, to, rows, ...chosen(views) });
          const job = await finished(client, started, progress);
          print(job, () => changesText(job));
        },
      ),
    );
}

const chosen = (views: string[]) => (views.length > 0 ? { views } : {});

const digestsText = ({ digests = [] }: ViewJob): Shown =>
  table(
    ['view', 'table', 'rows', 'digest', 'replays'],
    digests.map((one) => [one.view, one.table, one.rows, one.hash, one.equal ? 'equal' : 'DIFFER']),
  );

const keptText = ({ items }: KeptReplaysAnswer): Shown =>
  table(
    ['name', 'position', 'kept', 'schema', 'table', 'rows', 'digest'],
    items.flatMap(({ name, position: at, keptAt, tables }) =>
      tables.map((one): Cell[] => [name, at, exactTime(keptAt), one.schema, one.table, one.rows, one.hash]),
    ),
    'no replay is kept',
  );

function changesText({ changes = [] }: ViewJob): Shown {
  const changed = changes.filter((one) => one.changed > 0);
  if (changed.length === 0) return line`nothing changed in these views`;
  const rows = changed.flatMap(({ view, rows: found }) =>
    found.flatMap(({ key, change, columns }): Cell[][] =>
      columns.map(({ column, before, after }) => [view, key, change, column, short(before), short(after)]),
    ),
  );
  return paragraphs([
    table(['view', 'table', 'rows changed'], rowsOf(changed, 'view', 'table', 'changed')),
    table(['view', 'key', 'row', 'column', 'before', 'after'], rows),
  ]);
}

function short(value: unknown): string | null {
  if (value === undefined) return null;
  const text = JSON.stringify(value);
  return text.length > VALUE_CHARACTERS ? `${text.slice(0, VALUE_CHARACTERS)}…` : text;
}
