import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../cli/api-client.js';
import { type CommandGroup, command } from '../../cli/commands.js';
import { EXIT } from '../../cli/exit-codes.js';
import { paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import type { Progress } from '../../cli/rendering/progress.js';
import { type Cell, rowsOf, table } from '../../cli/rendering/table.js';
import { GatehouseError } from '../../kernel/errors.js';
import type { ViewJob } from '../jobs/view-jobs.js';
import type { ViewsAnswer } from '../queries/list-views.js';

const POLL_MS = 200;

export const viewsCommands: CommandGroup = (program, run) => {
  const group = program
    .command('views')
    .description('Lists, verifies and rebuilds the read models, which are derived from the log.');

  command(
    group,
    'list',
    'Lists every view and reactor with its checkpoint, rows and parked keys.',
    'views list',
  ).action(
    run(async ({ client, print }) => {
      const answer = await client.get<ViewsAnswer>('/v1/views');
      print(answer, () => viewsText(answer));
    }),
  );

  command(
    group,
    'rebuild [views...]',
    'Replays the log into new tables and replaces the live tables with them; all views by default.',
    'views rebuild',
    'views rebuild cases safety-images',
  ).action(
    run(async ({ client, print, progress }, _, ...views) => {
      const job = await finished(client, await started(client, 'rebuild', views.flat()), progress);
      print(job, () => comparisonText(job));
    }),
  );

  command(
    group,
    'verify [views...]',
    `Compares views with a replay of the log; all views by default. The exit code is ${EXIT.differs} if one differs.`,
    'views verify',
    'views verify cases --json',
  ).action(
    run(async ({ client, print, progress }, _, ...views) => {
      const job = await finished(client, await started(client, 'verify', views.flat()), progress);
      print(job, () => comparisonText(job));
      return job.comparisons?.some(({ equal }) => equal === false) ? EXIT.differs : EXIT.done;
    }),
  );
};

export function viewsText({ items, reactions }: ViewsAnswer): Shown {
  const views = table(
    ['view', 'version', 'live', 'position', 'rows', 'parked', 'summary'],
    rowsOf(items.map(counted), 'name', 'version', 'live', 'position', 'rows', 'parked', 'summary'),
  );
  const reacting = table(
    ['reactor', 'position', 'parked'],
    rowsOf(reactions.map(counted), 'name', 'position', 'parked'),
    'no reactor has started',
  );
  const parked = [...items, ...reactions].flatMap((one) =>
    one.parked.map(({ key, position, eventType, error }) => [one.name, key, Number(position), eventType, error]),
  );
  const leftOut = parked.length > 0 ? [table(['parked by', 'key', 'position', 'event', 'error'], parked)] : [];
  return paragraphs([views, reacting, ...leftOut]);
}

const counted = <Consumer extends ViewsAnswer['reactions'][number]>(one: Consumer) => ({
  ...one,
  position: Number(one.position),
  parked: one.parked.length,
});

const started = (client: ApiClient, kind: ViewJob['kind'], views: string[]): Promise<ViewJob> =>
  client.post(`/v1/views/${kind}`, views.length > 0 ? { views } : {});

export async function finished(client: ApiClient, begun: ViewJob, progress: Progress): Promise<ViewJob> {
  let total = '0';
  for (let job = begun; ; job = await client.get<ViewJob>(`/v1/views/jobs/${begun.id}`)) {
    if (job.of !== total) {
      total = job.of;
      progress.start(`${job.kind} to position`, Number(total));
    }
    progress.update(Number(job.position));
    if (job.status !== 'running') {
      progress.end();
      if (job.status === 'failed') throw new GatehouseError('job-failed', `${job.kind} failed: ${job.error}`, 'failed');
      return job;
    }
    await sleep(POLL_MS, undefined, { signal: client.signal });
  }
}

/** One row per table of each view, and the rows that differ, or differed before a rebuild. */
export function comparisonText({ kind, comparisons = [] }: ViewJob): Shown {
  const differing = kind === 'verify' ? 'DIFFERS' : 'corrected';
  const rows = comparisons.flatMap(({ view, position, tables }): Cell[][] =>
    tables.length === 0
      ? [[view, null, Number(position), null, null, 'new, nothing to compare']]
      : tables.map(({ table: name, live, replayed, equal }) => [
          view,
          name,
          Number(position),
          live.rows,
          replayed.rows,
          equal ? 'equal' : differing,
        ]),
  );
  const tables = table(['view', 'table', 'up to position', 'rows', 'replayed', 'result'], rows);
  const rowsThatDiffer = comparisons.flatMap(({ view, tables }) =>
    tables.flatMap(({ table: name, rows = [] }) =>
      rows.map(({ key, difference, columns }): Cell[] => [view, name, key, difference, columns?.join(', ') ?? null]),
    ),
  );
  if (rowsThatDiffer.length === 0) return tables;
  return paragraphs([tables, table(['view', 'table', 'key', 'live row', 'columns'], rowsThatDiffer)]);
}
