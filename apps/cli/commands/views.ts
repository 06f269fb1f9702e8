import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { GatehouseError } from '../../../libs/kernel/errors.js';
import type { ViewAnswer, ViewJobAnswer } from '../api-answers.js';
import type { ApiClient } from '../api-client.js';
import { withExamples } from '../command-options.js';
import { EXIT } from '../exit-codes.js';
import type { Progress } from '../rendering/progress.js';
import { type Cell, table } from '../rendering/table.js';
import type { Runner } from '../session.js';

const POLL_MS = 200;

export function viewsCommands(program: Command, run: Runner): void {
  const group = program.command('views').description('The read models, all derived from the log.');

  const list = group
    .command('list')
    .description('Every view: how far it has got, how many rows it has, what is parked.')
    .action(
      run(async ({ client, print }) => {
        const answer = await client.get<{ items: ViewAnswer[] }>('/v1/views');
        print(answer, () =>
          table(
            ['view', 'version', 'live', 'position', 'rows', 'parked', 'what'],
            answer.items.map((view) => [
              view.name,
              view.version,
              view.live,
              Number(view.position),
              view.rows,
              view.parked.length,
              view.summary,
            ]),
          ),
        );
        return undefined;
      }),
    );
  withExamples(list, 'views list');

  const rebuild = group
    .command('rebuild [views...]')
    .description('Replay the log into fresh tables that then take the place of the live ones; all views by default.')
    .action(
      run(async ({ client, print, progress }, _, ...views) => {
        const job = await finished(client, await started(client, 'rebuild', views.flat()), progress);
        print(job, () => comparisonText(job));
        return undefined;
      }),
    );
  withExamples(rebuild, 'views rebuild', 'views rebuild cases safety-images');

  const verify = group
    .command('verify [views...]')
    .description(
      `Prove that views equal a replay of the log; ends with ${EXIT.differs} where one differs. All by default.`,
    )
    .action(
      run(async ({ client, print, progress }, _, ...views) => {
        const job = await finished(client, await started(client, 'verify', views.flat()), progress);
        print(job, () => comparisonText(job));
        return job.comparisons?.some(({ equal }) => equal === false) ? EXIT.differs : EXIT.done;
      }),
    );
  withExamples(verify, 'views verify', 'views verify cases --json');
}

const started = (client: ApiClient, kind: ViewJobAnswer['kind'], views: string[]): Promise<ViewJobAnswer> =>
  client.post(`/v1/views/${kind}`, views.length > 0 ? { views } : {});

async function finished(client: ApiClient, begun: ViewJobAnswer, progress: Progress): Promise<ViewJobAnswer> {
  let total = '0';
  for (let job = begun; ; job = await client.get<ViewJobAnswer>(`/v1/views/jobs/${begun.id}`)) {
    if (job.of !== total) {
      total = job.of;
      progress.start(`${job.kind} to position`, Number(total));
    }
    progress.update(Number(job.position));
    if (job.status !== 'running') {
      progress.end();
      if (job.status === 'failed') throw new GatehouseError('job-failed', `${job.kind} failed: ${job.error}`, 500);
      return job;
    }
    await sleep(POLL_MS, undefined, { signal: client.signal });
  }
}

/** A row for each table of each view. */
export function comparisonText({ comparisons = [] }: ViewJobAnswer): string {
  const rows = comparisons.flatMap(({ view, position, tables }): Cell[][] =>
    tables.length === 0
      ? [[view, null, Number(position), null, null, 'new, nothing to compare with']]
      : tables.map(({ table: name, live, replayed, equal }) => [
          view,
          name,
          Number(position),
          live.rows,
          replayed.rows,
          equal ? 'equal' : 'DIFFERS',
        ]),
  );
  return table(['view', 'table', 'up to position', 'rows', 'replayed', 'result'], rows);
}
