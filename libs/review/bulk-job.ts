import type { DataOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import { type InvalidField, InvalidInput, NotFound, Refusal } from '../kernel/errors.js';
import { type BulkEvent, type BulkJobStarted, bulkEvents, UNDOING } from './bulk-events.js';

export type BulkJob = DataOf<typeof BulkJobStarted>;

export interface BulkProgress {
  job?: BulkJob;
  /** Who started it. */
  by: string;
  /** RFC 3339. */
  startedAt: string;
  status: 'none' | 'running' | 'cancelled' | 'ended';
  /** The last case that it has processed, in the order of their ids; empty for none. */
  through: string;
  handled: number;
  refused: number;
  /** Whether it does nothing any more: a cancelled one finishes its page. */
  isOver: boolean;
}

export const bulkJobStream: StreamKind<BulkProgress, BulkEvent> = {
  category: 'bulk',
  events: bulkEvents,
  initial: { by: '', startedAt: '', status: 'none', through: '', handled: 0, refused: 0, isOver: false },
  evolve(state, event, { actor, time }) {
    switch (event.type) {
      case 'BulkJobStarted':
        return { ...state, job: event.data, by: actor.id, startedAt: time, status: 'running' };
      case 'BulkJobAdvanced': {
        const { through, handled, refused } = event.data;
        return { ...state, through, handled, refused };
      }
      case 'BulkJobCancelled':
        return { ...state, status: 'cancelled' };
      case 'BulkJobEnded':
        return { ...state, status: state.status === 'cancelled' ? 'cancelled' : 'ended', isOver: true };
    }
  },
};

/** A no-op if it was started. @throws InvalidInput if a field is missing, or is for another action */
export function startBulkJob(state: BulkProgress, job: BulkJob): BulkEvent[] {
  const faults: InvalidField[] = [];
  const needs = (field: 'clause' | 'toQueue', action: BulkJob['action']) => {
    if ((job.action === action) === (job[field] !== undefined)) return;
    faults.push({ field: `/${field}`, message: `is needed for ${action}, and for no other action` });
  };
  needs('clause', 'confirm');
  needs('toQueue', 'requeue');
  if (job.action === UNDOING)
    for (const name of Object.keys(job.filter))
      faults.push({ field: `/${name}`, message: 'leave it out: a job is undone for all cases that it has changed' });
  if (faults.length > 0) throw new InvalidInput(faults);
  return state.status === 'none' ? [{ type: 'BulkJobStarted', data: job }] : [];
}

/** A no-op if it is over or cancelled. @throws NotFound bulk-job-unknown */
export function cancelBulkJob(state: BulkProgress, data: { jobId: string; reason: string }): BulkEvent[] {
  refuseUnknownJob(state, data.jobId);
  return state.status === 'running' ? [{ type: 'BulkJobCancelled', data }] : [];
}

/** A no-op if it is over, or was advanced further. */
export function advanceBulkJob(
  { isOver, handled: before }: BulkProgress,
  data: Extract<BulkEvent, { type: 'BulkJobAdvanced' }>['data'],
): BulkEvent[] {
  return isOver || data.handled <= before ? [] : [{ type: 'BulkJobAdvanced', data }];
}

/** A no-op if it is over. */
export function endBulkJob({ isOver, handled, refused }: BulkProgress, jobId: string): BulkEvent[] {
  return isOver ? [] : [{ type: 'BulkJobEnded', data: { jobId, handled, refused } }];
}

/** The id of the job that undoes another: so there is one at most. */
export const undoingId = (jobId: string): string => `undo-of-${jobId}`;

/** @throws NotFound bulk-job-unknown; Refusal bulk-job-not-undoable, bulk-job-running */
export function refuseNotUndoable(state: BulkProgress, jobId: string): void {
  refuseUnknownJob(state, jobId);
  if (state.job!.action === UNDOING)
    throw new Refusal('bulk-job-not-undoable', `job ${jobId} undoes another: start one that decides anew`);
  if (!state.isOver)
    throw new Refusal('bulk-job-running', `job ${jobId} is at work: wait until it has ended, or cancel it first`);
}

/** @throws NotFound bulk-job-unknown */
export function refuseUnknownJob({ status }: BulkProgress, jobId: string): void {
  if (status !== 'none') return;
  throw new NotFound('bulk-job-unknown', `there is no bulk job ${jobId}: GET /v1/bulk-jobs lists all`);
}
