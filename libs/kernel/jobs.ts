import { type Clock, toIso } from './clock.js';
import type { Position } from './envelope.js';
import { Unavailable } from './errors.js';
import type { Ids } from './ids.js';

/** What every job shows. Its kind adds what it found, and the statuses of its end. */
export interface Job {
  id: string;
  /** `running` until it ends. */
  status: string;
  startedAt: string;
  endedAt?: string;
  position: string;
  of: string;
  error?: string;
}

type Progress = (reached: Position, end: Position) => void;

/** Does the work of a job. @returns what it found, with the status of its end */
export type Work<Found> = (progress: Progress, signal: AbortSignal) => Promise<Found>;

export interface JobLimits {
  /** How they are called in a refusal, in the plural. */
  name: string;
  /** How many run at a time; others wait for their turn. */
  atOnce: number;
  /** How many may run or wait. */
  most: number;
}

/** Ended jobs that are kept for those who ask how they went. */
const REMEMBERED = 50;

/** Work that takes minutes: it runs in this process, which shows how far it is and remembers for a while how it ended. */
export class Jobs<Kind extends Job> {
  private readonly jobs = new Map<string, Kind>();
  private readonly stop = new AbortController();
  private readonly unfinished = new Set<Promise<void>>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  private admitted = 0;

  constructor(
    private readonly clock: Clock,
    private readonly ids: Ids,
    private readonly limits: JobLimits,
  ) {}

  /**
   * @param given what the job shows from its start
   * @param recorded called before it starts; if it fails, there is no job
   * @throws Unavailable too-many-jobs; whatever `recorded` throws
   */
  async start(
    given: Omit<Kind, keyof Job>,
    work: Work<Partial<Kind> & Pick<Kind, 'status'>>,
    recorded: (job: Kind) => Promise<unknown> = async () => {},
  ): Promise<Kind> {
    const { name, most } = this.limits;
    if (this.admitted >= most)
      throw new Unavailable('too-many-jobs', `${most} ${name} are running or waiting here: wait until one has ended`);
    this.admitted++;
    const startedAt = toIso(this.clock.now());
    const job = { id: this.ids.next(), ...given, status: 'running', startedAt, position: '0', of: '0' } as Kind;
    try {
      await recorded(job);
    } catch (error) {
      this.admitted--;
      throw error;
    }
    this.remember(job);
    const done = this.run(job, work).finally(() => {
      this.admitted--;
      this.unfinished.delete(done);
    });
    this.unfinished.add(done);
    return job;
  }

  find(id: string): Kind | undefined {
    return this.jobs.get(id);
  }

  /** Ends the running ones at their next step; those that wait fail without one. */
  async onApplicationShutdown(): Promise<void> {
    this.stop.abort(new Error('the process is stopping'));
    await Promise.all(this.unfinished);
  }

  private remember(job: Kind): void {
    this.jobs.set(job.id, job);
    const ended = [...this.jobs.values()].filter(({ status }) => status !== 'running');
    for (const { id } of ended.slice(0, -REMEMBERED)) this.jobs.delete(id);
  }

  private async run(job: Kind, work: Work<Partial<Kind>>): Promise<void> {
    await this.turn();
    try {
      this.stop.signal.throwIfAborted(); // also one that was recorded, or waited, while the process began to stop
      const progress: Progress = (reached, end) => {
        job.position = String(reached);
        job.of = String(end);
      };
      Object.assign(job, await work(progress, this.stop.signal));
    } catch (error) {
      Object.assign(job, { error: (error as Error).message, status: 'failed' });
    }
    job.endedAt = toIso(this.clock.now());
    this.running--;
    this.waiting.shift()?.();
  }

  private async turn(): Promise<void> {
    while (this.running >= this.limits.atOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running++;
  }
}
