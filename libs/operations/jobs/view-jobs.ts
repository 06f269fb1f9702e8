import type { OnApplicationShutdown } from '@nestjs/common';
import { type Static, Type } from 'typebox';
import type { AuditTrail } from '../../audit/index.js';
import { closed, count, instant, list, oneOf, position, text } from '../../http/openapi/answer-schemas.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Position } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import { Jobs } from '../../kernel/jobs.js';
import type { Rebuilder } from '../../projections/rebuilder.js';
import type { ViewReplays } from '../../projections/replays.js';
import { NAMED_ROWS } from '../../projections/row-differences.js';
import type { Progress } from '../../projections/shard-replay.js';
import type { View } from '../../projections/view.js';

const rowDifference = closed({
  key: text('The key of the row.'),
  difference: oneOf(['changed', 'missing', 'extra'], 'How the live row differs from the replayed one.'),
  columns: Type.Optional(list(Type.String(), 'The columns of a changed row that differ.')),
});
const digest = closed({ rows: count('The number of rows.'), hash: text('The same for equal rows in any order.') });

const ofTable = { view: text('The view.'), table: text('Its table.') };

export const ViewJob = closed({
  id: text('The job.'),
  kind: oneOf(['verify', 'rebuild', 'replay', 'diff'], 'What it does.'),
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
  digests: Type.Optional(
    list(
      closed({
        ...ofTable,
        ...digest.properties,
        equal: Type.Boolean({ description: 'Whether two replays made the same rows, byte for byte.' }),
      }),
      'Of a replay that is done: every table as it was at the position.',
    ),
  ),
  changes: Type.Optional(
    list(
      closed({
        ...ofTable,
        changed: count('How many rows differ.'),
        rows: list(
          closed({
            key: text('The key of the row.'),
            change: oneOf(['added', 'removed', 'changed'], 'What became of it.'),
            columns: list(
              closed({
                column: text('The column.'),
                before: Type.Optional(Type.Unsafe<unknown>({ description: 'Absent for a row that was added.' })),
                after: Type.Optional(Type.Unsafe<unknown>({ description: 'Absent for a row that was removed.' })),
              }),
              'The columns that changed; of a row that was added or removed, all.',
            ),
          }),
          'The first of them, by key.',
        ),
      }),
      'Of a diff that is done: what changed in every table.',
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

/** Of each view only one job goes on, which the rebuilder sees to. */
const LIMITS = { name: 'jobs of views', atOnce: 4, most: 20 };

/** Verifies and rebuilds views, and replays them up to earlier positions. */
export class ViewJobs extends Jobs<ViewJob> implements OnApplicationShutdown {
  constructor(
    private readonly views: readonly View[],
    private readonly rebuilder: Rebuilder,
    private readonly replays: ViewReplays,
    private readonly audit: AuditTrail,
    clock: Clock,
    ids: Ids,
  ) {
    super(clock, ids, LIMITS);
  }

  /**
   * Recorded before it begins.
   * @throws InvalidInput for a view that does not exist; Unavailable too-many-jobs
   */
  replay(kind: 'verify' | 'rebuild', names: readonly string[] | undefined, context: CommandContext): Promise<ViewJob> {
    return this.begin(kind, names, context, async (views, progress, signal) => {
      const comparisons = await this.rebuilder[kind](views, progress, signal);
      return { comparisons: comparisons.map((one) => ({ ...one, position: String(one.position) })) };
    });
  }

  /**
   * Replays the views twice up to a position, and digests them. Recorded; throws as `replay`
   * @param keep the name under which the tables are kept
   */
  replayTo(
    { position, keep }: { position: Position; keep?: string | undefined },
    names: readonly string[] | undefined,
    context: CommandContext,
  ): Promise<ViewJob> {
    return this.begin('replay', names, context, async (views, progress, signal) => ({
      digests: await this.replays.digestsAt(views, position, keep, progress, signal),
    }));
  }

  /** Says what changed in the views between two positions. Recorded; throws as `replay` */
  diff(
    between: { from: Position; to: Position },
    limit: number,
    names: readonly string[] | undefined,
    context: CommandContext,
  ): Promise<ViewJob> {
    return this.begin('diff', names, context, async (views, progress, signal) => ({
      changes: await this.replays.changesBetween(views, between, limit, progress, signal),
    }));
  }

  private begin(
    kind: ViewJob['kind'],
    names: readonly string[] | undefined,
    context: CommandContext,
    work: (views: readonly View[], progress: Progress, signal: AbortSignal) => Promise<Partial<ViewJob>>,
  ): Promise<ViewJob> {
    const views = this.chosen(names);
    return this.start(
      { kind, views: views.map(({ name }) => name) },
      async (progress, signal) => ({ status: 'done', ...(await work(views, progress, signal)) }),
      ({ id: jobId, views: replayed }) =>
        this.audit.record({ type: 'ViewRebuilt', data: { jobId, kind, views: replayed } }, context),
    );
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
