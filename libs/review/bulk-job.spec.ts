import { describe, expect, it } from '@jest/globals';
import { caseFile, claimedBy, flag, NOW, vote } from '../../test/support/case-file.js';
import { foldView, recorded, replay } from '../../test/support/fold-view.js';
import { fold } from '../kernel/decider.js';
import { handleInBulk } from './bulk-decisions.js';
import type { BulkEvent } from './bulk-events.js';
import {
  advanceBulkJob,
  type BulkJob,
  type BulkProgress,
  bulkJobStream,
  cancelBulkJob,
  endBulkJob,
  startBulkJob,
} from './bulk-job.js';
import { caseStream } from './case.js';
import { openCase } from './flag-decisions.js';
import { NO_STANDING } from './priority.js';
import { reviewSettingsStream } from './queue-rules.js';
import { bulkJobsView } from './views/bulk-jobs.js';

const jobId = 'bulk-1';
const job: BulkJob = { jobId, action: 'dismiss', filter: { queue: 'default' }, matched: 2, reason: 'a test' };
const after = (...events: BulkEvent[]): BulkProgress => fold(bulkJobStream, events);
const started = startBulkJob(bulkJobStream.initial, job);
const ended = { jobId, handled: 2, refused: 0 };
const refusal = (code: string) => expect.objectContaining({ code });

describe('a bulk job', () => {
  it('is started once, with what its action needs and nothing else', () => {
    expect(started).toEqual([{ type: 'BulkJobStarted', data: job }]);
    expect(startBulkJob(after(...started), job)).toEqual([]);
    for (const [change, field] of [
      [{ action: 'confirm' }, '/clause'],
      [{ clause: 'violent' }, '/clause'],
      [{ action: 'requeue' }, '/toQueue'],
      [{ toQueue: 'severe' }, '/toQueue'],
    ] as const)
      expect(() => startBulkJob(bulkJobStream.initial, { ...job, ...change })).toThrow(
        expect.objectContaining({ errors: [expect.objectContaining({ field })] }),
      );
  });

  it('advances, and says what it has processed', () => {
    const advanced = advanceBulkJob(after(...started), { jobId, through: 'img-1', handled: 1, refused: 1 });
    const state = after(...started, ...advanced);
    expect(state).toMatchObject({ status: 'running', through: 'img-1', handled: 1, refused: 1 });
    expect(advanceBulkJob(state, { jobId, through: 'img-1', handled: 1, refused: 0 })).toEqual([]);
    expect(endBulkJob(state, jobId)).toEqual([{ type: 'BulkJobEnded', data: { jobId, handled: 1, refused: 1 } }]);
    const over = after(...started, { type: 'BulkJobEnded', data: ended });
    expect(over.status).toBe('ended');
    expect(advanceBulkJob(over, { jobId, through: 'img-9', handled: 9, refused: 0 })).toEqual([]);
    expect(endBulkJob(over, jobId)).toEqual([]);
  });

  it('is cancelled while it runs', () => {
    const cancelled = cancelBulkJob(after(...started), { jobId, reason: 'no' });
    expect(cancelled).toEqual([{ type: 'BulkJobCancelled', data: { jobId, reason: 'no' } }]);
    const state = after(...started, ...cancelled, { type: 'BulkJobEnded', data: ended });
    expect(state).toMatchObject({ status: 'cancelled', isOver: true });
    expect(cancelBulkJob(state, { jobId, reason: 'no' })).toEqual([]);
    expect(() => cancelBulkJob(bulkJobStream.initial, { jobId, reason: 'no' })).toThrow(refusal('bulk-job-unknown'));
  });

  it('has the same row in the view after a replay', () => {
    const history = [
      recorded(1, 'BulkJobStarted', { ...job }),
      recorded(2, 'BulkJobAdvanced', { jobId, through: 'img-2', handled: 2, refused: 0 }),
      recorded(3, 'BulkJobEnded', ended),
    ];
    expect(foldView(bulkJobsView, history).rows[jobId]).toMatchObject({ progress: { status: 'ended', handled: 2 } });
    const { once, replayed } = replay(bulkJobsView, history);
    expect(replayed).toEqual(once);
  });
});

describe('a case that a bulk job handles', () => {
  const facts = {
    rules: { ...reviewSettingsStream.initial, queues: [{ id: 'default' }, { id: 'severe' }] },
    ...{ panelSize: 1, severities: new Map(), reach: 0, records: new Map(), standing: NO_STANDING },
  };
  const opened = (change = {}) =>
    caseFile()
      .append(openCase(caseStream.initial, flag(change)))
      .state();
  const start = { startedAt: NOW, position: 20, now: NOW };
  const handle = (state = opened(), change: Partial<BulkJob> = {}, by = 'lena', more = {}) =>
    handleInBulk(state, { caseId: 'img-1', by, job: { ...job, ...change }, ...start }, { ...facts, ...more });
  const CONFIRM = { action: 'confirm', clause: 'violent' } as const;
  const REQUEUE = { action: 'requeue', toQueue: 'severe' } as const;

  it('is dismissed, confirmed by the lead, or moved', () => {
    expect(handle()).toMatchObject([{ type: 'ReviewDismissed', data: { votes: { safe: 1 }, round: 1 } }]);
    expect(handle(opened(), CONFIRM)).toMatchObject([
      { type: 'ReviewConfirmed', data: { accountId: 'acc-1', clause: 'violent', reviewers: ['lena'] } },
    ]);
    expect(handle(opened(), REQUEUE)[0]).toMatchObject({
      ...{ type: 'CaseMoved', data: { queue: 'severe', by: 'lena' } },
    });
  });

  it('is a no-op if it is closed', () => {
    const file = caseFile().append([...openCase(caseStream.initial, flag())]);
    expect(handle(file.append(vote(file.state(), 'rev-1', 'safe')).state())).toEqual([]);
  });

  it('refuses if somebody reviews or has judged it, if several decide it, or to a lead it concerns', () => {
    expect(() => handle(claimedBy(opened(), 'rev-1'))).toThrow(refusal('case-claimed'));
    const judged = fold(
      caseStream,
      [{ type: 'VerdictGiven' as const, data: { caseId: 'img-1', reviewer: 'rev-1', verdict: 'unsure' as const } }],
      opened(),
    );
    expect(() => handle(judged)).toThrow(refusal('already-reviewed'));
    expect(() => handle(opened({ panelSize: 2 }))).toThrow(refusal('panel-too-small'));
    expect(() => handle(opened({ flaggedBy: 'lena' }))).toThrow(refusal('own-flag'));
    expect(() => handle(opened(), {}, 'acc-1')).toThrow(refusal('own-image'));
    expect(() => handle(opened(), {}, 'lena', { isCaseParked: true })).toThrow(refusal('case-parked'));
  });

  it.each<[string, BulkJob['filter'], object]>([
    ['in another queue', { queue: 'severe' }, {}],
    ['of another category', { category: 'hate' }, {}],
    ['of another account', { account: 'acc-2' }, {}],
    ['whose image turned out to be of another account', { account: 'acc-1' }, { owner: 'acc-2' }],
    ['opened later', { openedBefore: new Date(NOW).toISOString() }, {}],
    ['opened before', { openedAfter: new Date(NOW).toISOString() }, {}],
  ])('refuses if it is one %s', (_, filter, more) => {
    const state = { ...opened(), openedAt: NOW };
    for (const action of [{}, CONFIRM, REQUEUE])
      expect(() => handle(state, { filter, ...action }, 'lena', more)).toThrow(refusal('case-changed'));
  });

  it('refuses if its round or a flag of it is newer than the job, which decides no flag that nobody counted', () => {
    expect(() => handle({ ...opened(), openedAt: NOW + 1 })).toThrow(refusal('case-changed'));
    const file = caseFile(19).append(openCase(caseStream.initial, flag()));
    expect(handle(file.state())).toHaveLength(1);
    file.append(openCase(file.state(), flag({ flagId: 'f-2', flaggedBy: 'acc-8', position: 21 })));
    expect(() => handle(file.state())).toThrow(refusal('case-changed'));
    expect(() => handle(file.state(), CONFIRM)).toThrow(refusal('case-changed'));
    expect(handle(file.state(), REQUEUE)[0]).toMatchObject({ type: 'CaseMoved' });
  });

  it('refuses while it is kept for somebody', () => {
    const kept = { ...opened(), reserved: { reviewer: 'rev-1', until: NOW + 1 } };
    for (const action of [{}, CONFIRM, REQUEUE]) expect(() => handle(kept, action)).toThrow(refusal('case-reserved'));
    expect(handle({ ...kept, reserved: { reviewer: 'rev-1', until: NOW } })).toHaveLength(1);
  });

  it('refuses if it needs a second review, by its own events or since a setting was changed', () => {
    const sampling = { ...facts.rules.sampling, secondReviewOfDeactivations: true };
    const strict = { rules: { ...facts.rules, sampling } };
    expect(() => handle(opened(), CONFIRM, 'lena', strict)).toThrow(refusal('second-review-needed'));
    expect(handle(opened(), {}, 'lena', strict)).toHaveLength(1);
    for (const action of [{}, CONFIRM])
      expect(() => handle({ ...opened(), verdictsNeeded: 2 }, action)).toThrow(refusal('second-review-needed'));
    const sampled = { furtherReview: { isSampled: true, deactivates: () => false } };
    for (const action of [{}, CONFIRM])
      expect(() => handle(opened(), action, 'lena', sampled)).toThrow(refusal('second-review-needed'));
  });

  it('is not confirmed under a clause that the policy in force does not have', () => {
    const clauses = { clauses: new Set(['hate']) };
    expect(() => handle(opened(), CONFIRM, 'lena', clauses)).toThrow(refusal('clause-unknown'));
    expect(handle(opened(), CONFIRM, 'lena', { clauses: new Set() })).toHaveLength(1);
  });
});
