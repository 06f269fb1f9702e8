import { describe, expect, it } from '@jest/globals';
import { caseFile, CASE_ID as caseId, flag, NOW, vote } from '../../test/support/case-file.js';
import { foldView, recorded, recordedOf } from '../../test/support/fold-view.js';
import { handleInBulk } from './bulk-decisions.js';
import { type Case, caseStream, type Verdict } from './case.js';
import { reopenCase } from './claim-decisions.js';
import { type CaseEvent, CaseOpened, ReviewConfirmed } from './events.js';
import { openCase } from './flag-decisions.js';
import { importReviewConfirmed } from './outside-confirmation.js';
import { amendReview, isInForce, overturnReview } from './overturning.js';
import { ReviewOverturned } from './overturning-events.js';
import { NO_STANDING } from './priority.js';
import { reviewSettingsStream } from './queue-rules.js';
import { casesView, flaggerBucket } from './views/cases.js';

const opened = () => caseFile().append(openCase(caseStream.initial, flag()));
function confirmed() {
  const file = opened();
  return file.append(vote(file.state(), 'rev-1', 'unsafe'));
}
const overturning = { caseId, round: 1, reason: 'appeal-granted' };
const overturned = () => {
  const file = confirmed();
  return file.append(overturnReview(file.state(), overturning));
};
const types = (events: readonly { type: string }[]) => events.map(({ type }) => type);

describe('overturning a confirmed review', () => {
  it('ends the confirmation, and a later flag opens the next round', () => {
    const file = overturned();
    expect(file.state()).toMatchObject({ status: 'overturned', round: 1 });
    const later = openCase(file.state(), flag({ flaggedBy: 'acc-77', position: 1_000 }));
    expect(types(later)).toEqual(['CaseOpened']);
    expect(later[0]).toMatchObject({ data: { round: 2 } });
  });

  it('decides nothing twice: the case is closed for verdicts and for flags of before', () => {
    const file = overturned();
    expect(() => vote(file.state(), 'rev-2', 'unsafe')).toThrow('is closed (overturned)');
    expect(openCase(file.state(), flag({ flaggedBy: 'acc-77', position: 1 }))).toEqual([]);
  });

  it('is a no-op for a case that is not confirmed, or in another round', () => {
    expect(overturnReview(opened().state(), overturning)).toEqual([]);
    expect(overturnReview(overturned().state(), overturning)).toEqual([]);
    expect(overturnReview(confirmed().state(), { ...overturning, round: 2 })).toEqual([]);
  });

  it('is refused for a case that is unknown', () => {
    expect(() => overturnReview(caseStream.initial, overturning)).toThrow(
      expect.objectContaining({ code: 'case-unknown' }),
    );
  });

  it('counts for nobody who flagged the image, and is a status of its own', () => {
    const events = [recordedOf(1, CaseOpened), recordedOf(2, ReviewConfirmed), recordedOf(3, ReviewOverturned)];
    const { rows, counters } = foldView(casesView, events);
    expect(rows['img-1']).toMatchObject({ status: 'overturned', outcome: 'dismissed' });
    expect(counters[flaggerBucket('acc-9')]).toEqual({ decided: 1, confirmed: 0 });
  });
});

describe('amending a confirmed review', () => {
  const amend = (state: Case, clause: string) => amendReview(state, { ...overturning, clause });

  it('names another clause, once', () => {
    const file = confirmed();
    file.append(amend(file.state(), 'spam'));
    expect(file.state()).toMatchObject({ status: 'confirmed', clause: 'spam' });
    expect(amend(file.state(), 'spam')).toEqual([]);
  });

  it('is a no-op for a case that is not confirmed', () => {
    expect(amend(opened().state(), 'spam')).toEqual([]);
  });
});

describe('a confirmed case that a lead reopens', () => {
  const reopened = () => {
    const file = confirmed();
    const reopening = { caseId, by: 'lena', reason: 'the clause was clarified', panelSize: 1 };
    return file.append(reopenCase(file.state(), reopening, false));
  };
  const judged = (verdict: Verdict, more = {}) => {
    const file = reopened();
    return file.append(vote(file.state(), 'rev-2', verdict, more));
  };
  const last = ({ log }: ReturnType<typeof confirmed>, count: number) => log.slice(-count);

  it('is confirmed again, which is no second confirmation', () => {
    const file = judged('unsafe', { clause: 'hate' });
    expect(last(file, 1)).toMatchObject([
      {
        type: 'ReviewUpheld',
        data: { round: 2, upheldRound: 1, accountId: 'acc-1', clause: 'hate', reviewers: ['rev-2'] },
      },
    ]);
    expect(file.log.filter(({ type }) => type === 'ReviewConfirmed')).toHaveLength(1);
    expect(file.state()).toMatchObject({ status: 'confirmed', clause: 'hate', inForce: { since: 1, round: 2 } });
    for (const round of [1, 2]) expect(isInForce(file.state(), round)).toBe(true);
  });

  it.each([
    ['safe', 'ReviewDismissed', 'dismissed'],
    ['model-problem', 'ModelProblemFound', 'model-problem'],
  ] as const)(
    'is overturned by the verdict %s, which its round is decided by as any other',
    (verdict, type, status) => {
      const file = judged(verdict);
      const overturned = {
        caseId,
        imageId: caseId,
        accountId: 'acc-1',
        round: 1,
        reason: 'case-reopened',
        decidedRound: 2,
      };
      expect(last(file, 2)).toMatchObject([
        { type: 'ReviewOverturned', data: overturned },
        { type, data: { round: 2 } },
      ]);
      expect(file.state()).toMatchObject({ status, round: 2 });
      expect(isInForce(file.state(), 1)).toBe(false);
      // Who decided before may judge a later round.
      file.append(openCase(file.state(), flag({ flagId: 'later', flaggedBy: 'acc-7', position: 1_000 })));
      expect(types(vote(file.state(), 'rev-1', 'unsafe'))).toEqual(['VerdictGiven', 'ReviewConfirmed']);
    },
  );

  it('is judged by nobody who decided it before, here or elsewhere, in however many rounds', () => {
    const file = judged('unsafe');
    const reopening = { caseId, by: 'lena', reason: 'once more', panelSize: 1 };
    file.append(reopenCase(file.state(), reopening, false));
    const refused = expect.objectContaining({ code: 'own-decision' });
    for (const reviewer of ['rev-1', 'rev-2']) expect(() => vote(file.state(), reviewer, 'safe')).toThrow(refused);
    const outside = { caseId, categories: [], reviewers: ['rev-2'], reviewerSource: '/tool' };
    expect(() => importReviewConfirmed(file.state(), outside, {})).toThrow(refused);
    expect(types(importReviewConfirmed(file.state(), { ...outside, reviewers: ['x'] }, {}))).toEqual(['ReviewUpheld']);
  });

  it('is decided by no bulk job', () => {
    const rules = reviewSettingsStream.initial;
    const facts = { rules, panelSize: 1, severities: new Map(), reach: 0, records: new Map(), standing: NO_STANDING };
    const job = { jobId: 'bulk-1', action: 'dismiss' as const, filter: {} };
    const by = { caseId, by: 'lena', job, startedAt: NOW, position: 1_000, now: NOW };
    expect(() => handleInBulk(reopened().state(), by, facts)).toThrow(
      expect.objectContaining({ code: 'case-reopened' }),
    );
  });

  it('stays open if an appeal that was filed meanwhile is granted, and then is judged as any other', () => {
    const file = reopened();
    file.append(overturnReview(file.state(), overturning));
    expect(file.state()).toMatchObject({ status: 'open', round: 2 });
    expect(types(vote(file.state(), 'rev-1', 'safe'))).toEqual(['VerdictGiven', 'ReviewDismissed']);
    expect(types(vote(file.state(), 'rev-1', 'unsafe'))).toEqual(['VerdictGiven', 'ReviewConfirmed']);
    const upheld = judged('unsafe');
    expect(overturnReview(upheld.state(), overturning)).toMatchObject([{ data: { round: 2 } }]);
  });

  it('counts as confirmed in the record of its flaggers until the round decides', () => {
    const recordOf = (file: ReturnType<typeof confirmed>) =>
      foldView(casesView, recordedCase(file.log)).counters[flaggerBucket('acc-9')];
    expect(recordOf(reopened())).toEqual({ decided: 1, confirmed: 1 });
    expect(recordOf(judged('unsafe'))).toEqual({ decided: 1, confirmed: 1 });
    expect(recordOf(judged('safe'))).toEqual({ decided: 1, confirmed: 0 });
    const { rows } = foldView(casesView, recordedCase(judged('safe').log));
    expect(rows[caseId]).toMatchObject({ status: 'dismissed', round: 2, outcome: 'dismissed' });
  });
});

const recordedCase = (log: readonly (CaseEvent & { position: number })[]) =>
  log.map(({ position, type, data }) => recorded(position, type, data));
