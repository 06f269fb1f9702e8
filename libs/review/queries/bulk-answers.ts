import { type Static, Type } from 'typebox';
import { closed, count, instant, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { BULK_ACTIONS, UNDOING } from '../bulk-events.js';
import { type BulkProgress, refuseUnknownJob } from '../bulk-job.js';

export const JOB_ID = 'The bulk job.';

export const BulkJobAnswer = closed({
  jobId: text(JOB_ID),
  action: oneOf([...BULK_ACTIONS, UNDOING], 'What is done to each case; `compensate`: what another job did is undone.'),
  compensates: orNull(text('For compensate: the job that is undone.')),
  filter: closed(
    {
      queue: Type.Optional(text('Only cases in this queue.')),
      category: Type.Optional(text('Only cases of which flags name this category.')),
      account: Type.Optional(text('Only cases of this account.')),
      openedBefore: Type.Optional(instant('Only cases that were opened before this time.')),
      openedAfter: Type.Optional(instant('Only cases that were opened after this time.')),
    },
    'Which open cases: those that meet every condition.',
  ),
  clause: orNull(text('For confirm: the clause that the images violate.')),
  toQueue: orNull(text('For requeue: the queue that is to have them.')),
  status: oneOf(['running', 'cancelled', 'ended'], 'Whether it is at work.'),
  matched: count('Cases that met the filter at its start, or that the other job has changed.'),
  handled: count('Cases that it has processed, also those that refused.'),
  refused: count(
    'Cases that refused, such as those that somebody has claimed or judged: GET …/skipped-cases lists them.',
  ),
  startedBy: text('The lead who started it.'),
  startedAt: instant('When it was started.'),
  reason: text('Why.'),
  position: position('The position of its last event.'),
});
export type BulkJobAnswer = Static<typeof BulkJobAnswer>;

/** @throws NotFound bulk-job-unknown */
export function toBulkJob(progress: BulkProgress, jobId: string, at: number): BulkJobAnswer {
  refuseUnknownJob(progress, jobId);
  const { job, by, startedAt, status, handled, refused } = progress;
  const { action, compensates = null, filter, clause, toQueue, matched, reason } = job!;
  return {
    ...{ jobId, action, compensates, filter: { ...filter }, clause: clause ?? null, toQueue: toQueue ?? null },
    ...{ status: status as BulkJobAnswer['status'], matched, handled, refused },
    ...{ startedBy: by, startedAt, reason, position: String(at) },
  };
}

export const bulkJobExample: BulkJobAnswer = {
  jobId: 'bulk-1',
  action: 'dismiss',
  compensates: null,
  filter: { queue: 'detected', category: 'violent' },
  clause: null,
  toQueue: null,
  status: 'running',
  matched: 120,
  handled: 100,
  refused: 2,
  startedBy: 'lead-1',
  startedAt: '2022-05-19T10:00:00.000Z',
  reason: 'a detector was wrong',
  position: '1045',
};
