import type { OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { toIso } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import type { Pool } from '../../platform/database/database.js';
import { liveBuild } from '../../projections/builds.js';
import type { Rebuilder, ViewComparison } from '../../projections/rebuilder.js';
import type { View } from '../../projections/view.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { consumerPositions, type ParkedKey, parkedKeys } from '../../subscriptions/checkpoints.js';
import { REACTOR_PREFIX } from '../../subscriptions/reactor.js';

export interface ViewJob {
  id: string;
  kind: 'verify' | 'rebuild';
  views: string[];
  status: 'running' | 'done' | 'failed';
  startedAt: string;
  endedAt?: string;
  /** Positions as text. */
  position: string;
  of: string;
  /** Of a job that is done: every view compared with its replay. */
  comparisons?: (Omit<ViewComparison, 'position'> & { position: string })[];
  error?: string;
}

const JOBS_REMEMBERED = 50;

/** What operators see of the views and may do with them. Long work runs as a job of this process. */
export class ViewAdministration implements OnApplicationShutdown {
  private readonly jobs = new Map<string, ViewJob>();
  private readonly stop = new AbortController();
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly pool: Pool,
    private readonly views: readonly View[],
    private readonly rebuilder: Rebuilder,
    private readonly reader: ViewReader,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async list() {
    const parked = await parkedKeys(this.pool);
    return Promise.all(
      this.views.map(async (view) => {
        const live = await liveBuild(this.pool, view);
        return {
          name: view.name,
          version: view.version,
          summary: view.summary,
          types: view.types,
          live: live !== undefined,
          position: String(await this.reader.position(view)),
          rows: live ? await live.tables.approximateRows(this.pool) : 0,
          parked: live ? shown(parked, live.follower) : [],
        };
      }),
    );
  }

  /** The reactions that have begun; they follow the log as views do, and park as views do. */
  async reactions() {
    const [positions, parked] = await Promise.all([consumerPositions(this.pool), parkedKeys(this.pool)]);
    return [...positions]
      .filter(([follower]) => follower.startsWith(REACTOR_PREFIX))
      .map(([follower, position]) => ({
        name: follower.slice(REACTOR_PREFIX.length),
        position: String(position),
        parked: shown(parked, follower),
      }));
  }

  /** @throws InvalidInput for a view that does not exist */
  start(kind: ViewJob['kind'], names?: readonly string[]): ViewJob {
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
    this.jobs.set(job.id, job);
    for (const old of [...this.jobs.keys()].slice(0, -JOBS_REMEMBERED)) this.jobs.delete(old);
    const work = this.run(job, views).finally(() => this.running.delete(work));
    this.running.add(work);
    return job;
  }

  job(id: string): ViewJob | undefined {
    return this.jobs.get(id);
  }

  /** Ends what runs, at the next page; unfinished tables are dropped. */
  async onApplicationShutdown(): Promise<void> {
    this.stop.abort(new Error('the process is stopping'));
    await Promise.all(this.running);
  }

  private async run(job: ViewJob, views: readonly View[]): Promise<void> {
    const progress = (position: Position, of: Position) => {
      job.position = String(position);
      job.of = String(of);
    };
    try {
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

const shown = (parked: readonly ParkedKey[], of: string) =>
  parked
    .filter(({ consumer: follower }) => follower === of)
    .map(({ key, position, eventType, error }) => ({ key, position: String(position), eventType, error }));
