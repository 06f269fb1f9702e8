import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { caseFile, CASE_ID as caseId, flag, NOW, vote } from '../../test/support/case-file.js';
import { foldView, recorded } from '../../test/support/fold-view.js';
import { Refusal } from '../kernel/errors.js';
import type { AppealStatus } from './appeal-hearings.js';
import { handleInBulk } from './bulk-decisions.js';
import type { BulkJob } from './bulk-job.js';
import { bulkJobStream, refuseNotUndoable, startBulkJob, undoingId } from './bulk-job.js';
import { undoInBulk } from './bulk-undoing.js';
import { type Case, caseStream } from './case.js';
import { claimCase, escalateCase } from './claim-decisions.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { openCase } from './flag-decisions.js';
import { amendReview, overturnReview } from './overturning.js';
import { NO_STANDING } from './priority.js';
import { reviewSettingsStream } from './queue-rules.js';
import { moveCase, routeCase } from './routing.js';
import { casesView, flaggerBucket } from './views/cases.js';

const jobId = 'bulk-1';
const rules = {
  ...reviewSettingsStream.initial,
  queues: [{ id: 'default' }, { id: 'blood' }, { id: 'severe' }],
  rules: [{ queue: 'blood', categories: ['violent'] }],
};
const facts = {
  ...{ rules, panelSize: 1, severities: new Map(), reach: 0, records: new Map(), standing: NO_STANDING },
};
const JOBS: Record<string, Pick<BulkJob, 'jobId' | 'action' | 'clause' | 'toQueue' | 'filter'>> = {
  dismiss: { jobId, action: 'dismiss', filter: {} },
  confirm: { jobId, action: 'confirm', clause: 'violent', filter: {} },
  requeue: { jobId, action: 'requeue', toQueue: 'severe', filter: {} },
};
const KINDS = ['dismiss', 'confirm', 'requeue'] as const;
type File = ReturnType<typeof caseFile>;

/** An open case in its queue; in its second round if it was dismissed before. */
function waiting(isAgain = false): File {
  const file = caseFile();
  const open = (more = {}) => {
    file.append(openCase(file.state(), flag(more)));
    file.append(routeCase(file.state(), caseId, facts));
  };
  open();
  if (!isAgain) return file;
  file.append(vote(file.state(), 'rev-1', 'safe'));
  open({ flagId: 'again', flaggedBy: 'acc-7', position: 500 });
  return file;
}
const handled = (kind: (typeof KINDS)[number], file = waiting()): File =>
  file.append(
    handleInBulk(
      file.state(),
      { caseId, by: 'lena', job: JOBS[kind]!, startedAt: NOW, position: 10_000, now: NOW },
      facts,
    ),
  );
const undo = (state: Case, more: { by?: string; appeal?: AppealStatus } & Pick<CaseFacts, 'owner'> = {}) => {
  const { by = 'lena', appeal = 'none', ...others } = more;
  return undoInBulk(state, { caseId, by, jobId, reason: 'the wrong detector' }, { ...facts, ...others, appeal });
};
const types = (events: readonly CaseEvent[]) => events.map(({ type }) => type);
const refusal = (code: string) => expect.objectContaining({ code });

/** What matters of a case that waits: not its round, which a decision and its undoing take. */
function waits({ round: _, claims: __, closedAt: ___, grewAt: ____, bulk: _____, accountId: ______, ...state }: Case) {
  const { route, ...rest } = state;
  return { ...rest, ...(route && { route }) };
}
function viewOf(file: File) {
  const { rows, counters } = foldView(
    casesView,
    file.log.map(({ position, type, data }) => recorded(position, type, data)),
  );
  const { round: _, position: __, first_viewed_at: ___, account_id: ____, ...row } = rows[caseId]!;
  return {
    row,
    counters: ['acc-9', 'acc-7'].map((one) => counters[flaggerBucket(one)]),
  };
}

describe('undoing a bulk job', () => {
  it.each([
    ['dismiss', ['CaseReopened']],
    ['confirm', ['ReviewOverturned', 'CaseReopened']],
    ['requeue', ['CaseMoved']],
  ] as const)('of the action %s leaves the case as it was, in its queue and in every record', (kind, expected) => {
    for (const isAgain of [false, true]) {
      const before = waiting(isAgain);
      const file = handled(kind, waiting(isAgain));
      const events = undo(file.state());
      expect(types(events)).toEqual(expected);
      file.append(events);
      expect(waits(file.state())).toEqual(waits(before.state()));
      expect(viewOf(file)).toEqual(viewOf(before));
      expect(() => undo(file.state())).toThrow(refusal('case-changed'));
    }
  });

  it('puts a case back where a person had moved it, escalated as it was, unless that queue is gone', () => {
    const file = waiting();
    file.append(moveCase(file.state(), { caseId, queue: 'default', by: 'lena', isLead: true }, facts));
    file.append(escalateCase(file.state(), { caseId, by: 'lena', isLead: true }));
    const before = waits(file.state());
    handled('requeue', file);
    expect(waits(file.append(undo(file.state())).state())).toEqual(before);
    const other = handled('requeue', waiting());
    const gone = {
      ...facts,
      rules: { ...rules, queues: [{ id: 'default' }, { id: 'severe' }], rules: [], version: 1 },
    };
    const events = undoInBulk(other.state(), { caseId, by: 'lena', jobId, reason: 'r' }, { ...gone, appeal: 'none' });
    expect(other.append(events).state().route).toMatchObject({ queue: 'default', isMoved: false });
  });

  it('gives a case back the panel that it had where somebody had moved it', () => {
    const panels = { ...rules, queues: [{ id: 'default' }, { id: 'blood', panel: 2 }, { id: 'severe' }] };
    const file = caseFile();
    file.append(openCase(file.state(), flag({})));
    file.append(routeCase(file.state(), caseId, { ...facts, rules: panels }));
    file.append(claimCase(file.state(), { caseId, reviewer: 'rev-1', isLead: false, now: NOW, leaseMs: 60_000 }, {}));
    const move = { caseId, queue: 'default', by: 'rev-1', token: 1, isLead: false };
    file.append(moveCase(file.state(), move, { ...facts, rules: panels }));
    expect(file.state()).toMatchObject({ panelSize: 2, route: { queue: 'default', isMoved: true } });
    expect(handled('requeue', file).state()).toMatchObject({ panelSize: 1, route: { queue: 'severe' } });
    expect(file.append(undo(file.state())).state()).toMatchObject({ panelSize: 2, route: { queue: 'default' } });
  });

  it('refuses a case that anybody has changed since, of an appealed measure, or that concerns the lead', () => {
    const changed = (file: File, events: readonly CaseEvent[]) => expect(() => undo(file.append(events).state()));
    const moved = handled('requeue');
    const claim = { caseId, reviewer: 'rev-1', isLead: false, now: NOW, leaseMs: 1_000 };
    changed(moved, claimCase(moved.state(), claim, {})).toThrow(refusal('case-changed'));
    const confirmed = handled('confirm');
    const round = { caseId, round: 1, reason: 'appeal-granted' };
    changed(confirmed, amendReview(confirmed.state(), { ...round, clause: 'spam' })).toThrow(refusal('case-changed'));
    const overturned = handled('confirm');
    changed(overturned, overturnReview(overturned.state(), round)).toThrow(refusal('case-changed'));
    expect(() => undo(handled('confirm').state(), { appeal: 'open' })).toThrow(refusal('appeal-open'));
    expect(() => undo(handled('confirm').state(), { appeal: 'decided' })).toThrow(refusal('appeal-decided'));
    expect(() => undo(handled('confirm').state(), { owner: 'lena' })).toThrow(refusal('own-image'));
    expect(() => undo(waiting().state())).toThrow(refusal('case-changed'));
    expect(() => undo(caseStream.initial)).toThrow(refusal('case-unknown'));
  });

  it('undoes what its own job did and nothing else, whatever anybody does before and after', () => {
    const act = fc.constantFrom('flag', 'claim', 'verdict', 'move', 'escalate', 'route');
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 3 }),
        fc.constantFrom(...KINDS),
        fc.array(act, { maxLength: 3 }),
        (first, kind, later) => {
          const file = waiting();
          let n = 0;
          const attempt = (decide: () => CaseEvent[]): readonly CaseEvent[] => {
            try {
              const events = decide();
              file.append(events);
              return events;
            } catch (error) {
              if (error instanceof Refusal) return [];
              throw error;
            }
          };
          const apply = (one: string) =>
            attempt(() => {
              const state = file.state();
              n++;
              const claim = { caseId, reviewer: `rev-${n}`, isLead: true, now: NOW, leaseMs: 1_000 };
              if (one === 'flag')
                return openCase(state, flag({ flagId: `f${n}`, flaggedBy: `by-${n}`, position: 2_000 + n }));
              if (one === 'claim') return claimCase(state, claim, {});
              if (one === 'verdict') return state.status === 'open' ? vote(state, `rev-${n}`, 'unsafe') : [];
              if (one === 'move') return moveCase(state, { caseId, queue: 'default', by: 'ina', isLead: true }, facts);
              if (one === 'escalate') return escalateCase(state, { caseId, by: 'ina', isLead: true });
              return routeCase(state, caseId, facts);
            });
          for (const one of first) apply(one);
          const before = file.state();
          const byJob = attempt(() => {
            const job = { caseId, by: 'lena', job: JOBS[kind]!, startedAt: NOW, position: 10_000, now: NOW };
            return handleInBulk(before, job, facts);
          });
          const since = later.flatMap(apply);
          const isTouched = since.some(({ type }) => type !== 'CaseRouted' && type !== 'CaseJoined');
          const found = file.state();
          const undone = attempt(() => undo(found));
          expect(undone.length > 0).toBe(byJob.length > 0 && !isTouched);
          if (undone.length === 0) expect(file.state()).toEqual(found);
          else if (since.length === 0) expect(waits(file.state())).toEqual(waits(before));
          // A repeat, as after a crash, finds nothing left.
          expect(attempt(() => undo(file.state()))).toEqual([]);
        },
      ),
      { numRuns: 400, seed: 20220521 },
    );
  });
});

describe('a job that undoes another', () => {
  const ended = {
    job: { ...JOBS.dismiss!, matched: 1, reason: 'r' },
    by: 'lena',
    startedAt: '',
    through: '',
    handled: 1,
    refused: 0,
  };
  const done = { ...ended, status: 'ended' as const, isOver: true };

  it('is one at most, of a job that is over and undoes none itself', () => {
    expect(undoingId(jobId)).toBe(undoingId(jobId));
    expect(() => refuseNotUndoable(done, jobId)).not.toThrow();
    expect(() => refuseNotUndoable({ ...done, isOver: false }, jobId)).toThrow(refusal('bulk-job-running'));
    expect(() => refuseNotUndoable(bulkJobStream.initial, jobId)).toThrow(refusal('bulk-job-unknown'));
    const another = { ...done, job: { ...done.job, action: 'compensate' as const, compensates: 'bulk-0' } };
    expect(() => refuseNotUndoable(another, jobId)).toThrow(refusal('bulk-job-not-undoable'));
  });

  it('has no query of its own, and starts once', () => {
    const job = {
      jobId: undoingId(jobId),
      action: 'compensate' as const,
      compensates: jobId,
      filter: {},
      matched: 1,
      reason: 'r',
    };
    expect(startBulkJob(bulkJobStream.initial, job)).toMatchObject([
      { type: 'BulkJobStarted', data: { compensates: jobId } },
    ]);
    expect(startBulkJob(done, job)).toEqual([]);
    const narrower = { ...job, filter: { queue: 'severe' } };
    expect(() => startBulkJob(bulkJobStream.initial, narrower)).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ field: '/queue' })] }),
    );
  });
});
