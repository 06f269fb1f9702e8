import type { Client } from './gatehouse.js';
import { until } from './until.js';

export interface ViewsJob {
  id: string;
  status: string;
  error?: string;
  comparisons?: { view: string; equal?: boolean }[];
}

/**
 * Starts a job over the views, of all if none are named, and resolves to it once it has ended. At the start of a log the
 * process that builds the views may still do so: then the job is started again.
 */
export async function viewsJob(administrator: Client, kind: 'verify' | 'rebuild', views?: string[]): Promise<ViewsJob> {
  for (;;) {
    let job: ViewsJob = (await administrator.post(`/v1/views/${kind}`, views ? { views } : {})).body;
    await until(async () => {
      if (job.status === 'running') job = (await administrator.get(`/v1/views/jobs/${job.id}`)).body;
      return job.status !== 'running';
    });
    const isRefused = job.error?.includes('is being rebuilt or verified') ?? false;
    // There was nothing yet to compare with.
    const isEarly = kind === 'verify' && (job.comparisons ?? []).some(({ equal }) => equal === undefined);
    if (!isRefused && !isEarly) return job;
  }
}
