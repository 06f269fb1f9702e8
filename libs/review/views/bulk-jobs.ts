import { placeOf } from '../../kernel/decider.js';
import { defineView, int8, jsonb, type RowOf, text, timestamptz } from '../../projections/view.js';
import { bulkEvents } from '../bulk-events.js';
import { type BulkProgress, bulkJobStream } from '../bulk-job.js';

const columns = {
  job_id: text(),
  started_at: timestamptz(),
  progress: jsonb<BulkProgress>(),
  /** The position of the job's last event. */
  position: int8(),
};

export type BulkJobRow = RowOf<typeof columns>;

export const bulkJobsView = defineView({
  name: 'bulk-jobs',
  version: 1,
  summary: 'Bulk jobs over cases and how far they are.',
  events: bulkEvents,
  table: { name: 'bulk_jobs', key: 'job_id', columns, indexes: ['(started_at DESC, job_id DESC)'] },
  keys: ({ data }) => [data.jobId],
  evolve(row: BulkJobRow | undefined, event, jobId) {
    if (row && event.position <= row.position) return row;
    const progress = bulkJobStream.evolve(row?.progress ?? bulkJobStream.initial, event, placeOf(event));
    if (!progress.job) return undefined;
    return { job_id: jobId, started_at: Date.parse(progress.startedAt), progress, position: event.position };
  },
});
