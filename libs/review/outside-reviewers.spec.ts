import { describe, expect, it } from '@jest/globals';
import { caseFile, CASE_ID as caseId, flag, LEASE_MS, NOW, vote as voteOn } from '../../test/support/case-file.js';
import type { Verdict } from './case.js';
import { claimCase } from './claim-decisions.js';
import { openCase } from './flag-decisions.js';
import { importReviewConfirmed } from './outside-confirmation.js';

const TOOL = '/review-tool';

/** A case that is decided by so many reviewers. */
function opened(panelSize: number) {
  const file = caseFile();
  file.append(openCase(file.state(), flag({ panelSize })));
  const vote = (reviewer: string, verdict: Verdict, more: { reviewerSource?: string; panelSize?: number } = {}) => {
    const events = voteOn(file.state(), reviewer, verdict, more);
    file.append(events);
    return events.map(({ type }) => type);
  };
  return { file, vote };
}

describe('A reviewer of another system', () => {
  it('neither stands for one of ours of the same name nor ends their claim', () => {
    const { file, vote } = opened(2);
    file.append(claimCase(file.state(), { caseId, reviewer: 'rev-1', isLead: false, now: NOW, leaseMs: LEASE_MS }, {}));
    expect(vote('rev-1', 'safe', { reviewerSource: TOOL })).toEqual(['VerdictGiven']);
    expect(file.log.at(-1)!.data).toMatchObject({ reviewer: 'rev-1', reviewerSource: TOOL });
    expect(file.state().claim?.reviewer).toBe('rev-1');
    expect(vote('rev-1', 'safe', { reviewerSource: TOOL })).toEqual([]);
    expect(vote('rev-1', 'unsafe')).toEqual(['VerdictGiven', 'FurtherReviewRequired']);
  });

  it('can enlarge the panel of a case, but not undercut it', () => {
    const { file, vote } = opened(3);
    const alone = { reviewerSource: TOOL, panelSize: 1 };
    expect(vote('x1', 'unsafe', alone)).toEqual(['VerdictGiven']);
    expect(vote('x2', 'unsafe', alone)).toEqual(['VerdictGiven']);
    expect(file.state().panelSize).toBe(3);
    expect(vote('x3', 'safe', { reviewerSource: TOOL, panelSize: 5 })).toEqual(['VerdictGiven']);
    expect(file.state().panelSize).toBe(5);
  });

  it('confirms a review only with as many others as decide it here, and is named with the system', () => {
    const state = opened(2).file.state();
    const confirm = (reviewers: string[]) =>
      importReviewConfirmed(state, { caseId, categories: [], reviewers, reviewerSource: TOOL }, {});
    for (const reviewers of [['rev-x'], ['rev-x', 'rev-x']]) {
      expect(() => confirm(reviewers)).toThrow(expect.objectContaining({ code: 'panel-too-small' }));
    }
    expect(confirm(['rev-x', 'rev-y'])).toMatchObject([
      { type: 'ReviewConfirmed', data: { reviewers: ['rev-x', 'rev-y'], reviewerSource: TOOL } },
    ]);
  });

  it('is named with the system if the verdicts decide', () => {
    const { file, vote } = opened(2);
    vote('rev-1', 'unsafe', { reviewerSource: TOOL });
    expect(vote('rev-2', 'unsafe', { reviewerSource: TOOL })).toEqual(['VerdictGiven', 'ReviewConfirmed']);
    expect(file.log.at(-1)!.data).toMatchObject({ reviewers: ['rev-1', 'rev-2'], reviewerSource: TOOL });
  });

  it('is distinguished from ours and from those of a third system who decide the same case', () => {
    const { file, vote } = opened(3);
    vote('rev-1', 'unsafe', { reviewerSource: TOOL });
    vote('rev-1', 'unsafe');
    expect(vote('rev-1', 'unsafe', { reviewerSource: '/other' })).toEqual(['VerdictGiven', 'ReviewConfirmed']);
    const { data } = file.log.at(-1)!;
    expect(data).toMatchObject({
      reviewers: ['rev-1', 'rev-1', 'rev-1'],
      reviewerSources: [TOOL, '', '/other'],
    });
    expect(data).not.toHaveProperty('reviewerSource');
  });
});
