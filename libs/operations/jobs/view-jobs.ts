import type { OnApplicationShutdown } from '@nestjs/common';
import { type Static, Type } from 'typebox';
import type { AuditTrail } from '../../audit/index.js';
import { closed, count, instant, list, oneOf, position, text } from '../../http/openapi/answer-schemas.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Position } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import type { Rebuilder } from '../../projections/rebuilder.js';
import { NAMED_ROWS } from '../../projections/row-differences.js';
import type { View } from '../../projections/view.js';

const rowDifference = closed({
  key: text('The key of the row.'),
  difference: oneOf(['changed', 'missing', 'extra'], 'How the live row differs from the replayed one.'),
  columns: Type.Optional(list(Type.String(), 'The columns of a changed row that differ.')),
});
const digest = closed({ rows: count('The number of rows.'), hash: text('The same for equal rows in any order.') });

export const ViewJob = closed({
  id: text('The job.'),
  kind: oneOf(['verify', 'rebuild'], 'What it does.'),
  views: list(Type.String(), 'With which views.'),
  status: oneOf(['running', 'done', 'failed'], 'How far it is.'),
  startedAt: instant('When it began.'),
  endedAt: Type.Optional(instant('When it ended.')),
  position: position('The position that the replay has reached.'),
  of: position('How far it goes.'),
  comparisons: Type.Optional(
    list(
      closed({
        view: text('The view.'),
        position: position('The position up to which both were compared.'),
        equal: Type.Optional(Type.Boolean({ description: 'Absent if there was nothing to compare with.' })),
        tables: list(
          closed({
            table: text('The table.'),
            live: digest,
            replayed: digest,
            equal: Type.Boolean(),
            rows: Type.Optional(
              list(
                rowDifference,
                `Of a table that differs: the first ${NAMED_ROWS} rows that differ now; none if an event has corrected them since. Absent if events were stored faster than they were replayed.`,
              ),
            ),
          }),
          'Each table with its replay.',
        ),
      }),
      'Of a job that is done: every view compared with its replay.',
    ),
  ),
  error: Type.Optional(text('Why it failed.')),
});
export type ViewJob = Static<typeof ViewJob>;

export const viewJobExample = {
  id: '0196e0f0-0000-7000-8000-000000000001',
  kind: 'verify',
  views: ['cases'],
  status: 'running',
  startedAt: '2022-05-19T10:00:00.000Z',
  position: '0',
  of: '0',
};

const JOBS_REMEMBERED = 50;

/** Verifies and rebuilds views. Each job runs in this process and is remembered for a while. */
export class ViewJobs implements OnApplicationShutdown {
  private readonly jobs = new Map<string, ViewJob>();
  private readonly stop = new AbortController();
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly views: readonly View[],
    private readonly rebuilder: Rebuilder,
    private readonly clock: Clock,
    private readonly ids: Ids,
    private readonly audit: AuditTrail,
  ) {}

  /** Recorded before it begins. @throws InvalidInput for a view that does not exist */
  async start(kind: ViewJob['kind'], names: readonly string[] | undefined, context: CommandContext): Promise<ViewJob> {
    const views = this.chosen(names);
    const job: ViewJob = {
      id: this.ids.next(),
      kind,
      views: views.map((view) => view.name),
      status: 'running',
      startedAt: toIso(this.clock.now()),
      position: '0',
      of: '0',
    };
    const data = { jobId: job.id, kind, views: job.views };
    await this.audit.record({ type: 'ViewRebuilt', data }, context);
    this.jobs.set(job.id, job);
    for (const old of [...this.jobs.keys()].slice(0, -JOBS_REMEMBERED)) this.jobs.delete(old);
    const work = this.run(job, views).finally(() => this.running.delete(work));
    this.running.add(work);
    return job;
  }

  find(id: string): ViewJob | undefined {
    return this.jobs.get(id);
  }

  /** Ends running jobs at the next page and drops their unfinished tables. */
  async onApplicationShutdown(): Promise<void> {
    this.stop.abort(new Error('the process is stopping'));
    await Promise.all(this.running);
  }

  private async run(job: ViewJob, views: readonly View[]): Promise<void> {
    const progress = (reached: Position, end: Position) => {
      job.position = String(reached);
      job.of = String(end);
    };
    try {
      this.stop.signal.throwIfAborted(); // it may have been recorded while the process began to stop
      const comparisons = await this.rebuilder[job.kind](views, progress, this.stop.signal);
      job.comparisons = comparisons.map((one) => ({ ...one, position: String(one.position) }));
      job.status = 'done';
    } catch (error) {
      job.error = (error as Error).message;
      job.status = 'failed';
    }
    job.endedAt = toIso(this.clock.now());
  }

  private chosen(names?: readonly string[]): readonly View[] {
    if (!names || names.length === 0) return this.views;
    return names.map((name) => {
      const view = this.views.find((one) => one.name === name);
      if (view) return view;
      const known = this.views.map((one) => one.name).join(', ');
      throw new InvalidInput([
        { field: '/views', message: `${JSON.stringify(name)} is not a view; choose from ${known}` },
      ]);
    });
  }
}
