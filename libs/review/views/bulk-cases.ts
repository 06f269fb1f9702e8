import { bool, defineView, nullable, type RowOf, text } from '../../projections/view.js';
import { BulkJobAdvanced } from '../bulk-events.js';
import { ReviewConfirmed, ReviewDismissed } from '../events.js';
import { CaseMoved } from '../routing-events.js';

const columns = {
  /** The job and the case. */
  job_case: text(),
  job_id: text(),
  case_id: text(),
  /** Whether the job changed it. */
  is_changed: bool(),
  /** The code with which it refused, if it did. */
  skipped_because: nullable(text()),
};

export type BulkCaseRow = RowOf<typeof columns>;

const keyOf = (jobId: string, caseId: string): string => `${jobId}\n${caseId}`;

export const bulkCasesView = defineView({
  name: 'bulk-cases',
  version: 1,
  summary: 'The cases that bulk jobs have changed, and those that refused.',
  events: [ReviewDismissed, ReviewConfirmed, CaseMoved, BulkJobAdvanced],
  table: {
    name: 'bulk_cases',
    key: 'job_case',
    columns,
    indexes: ['(job_id, case_id) WHERE is_changed', '(job_id, case_id) WHERE skipped_because IS NOT NULL'],
  },
  keys: (event) => {
    if (event.type === 'BulkJobAdvanced')
      return (event.data.skipped ?? []).map(({ caseId }) => keyOf(event.data.jobId, caseId));
    return event.data.jobId === undefined ? [] : [keyOf(event.data.jobId, event.data.caseId)];
  },
  evolve(row: BulkCaseRow | undefined, event, job_case) {
    const job_id = event.data.jobId!;
    const before = row ?? { job_case, job_id, case_id: job_case.slice(job_id.length + 1), is_changed: false };
    if (event.type !== 'BulkJobAdvanced') return { skipped_because: null, ...before, is_changed: true };
    const refusal = event.data.skipped!.find(({ caseId }) => caseId === before.case_id)!;
    return { ...before, skipped_because: refusal.because };
  },
});
