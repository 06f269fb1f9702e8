import { describe, expect, it } from '@jest/globals';
import { foldView, recordedOf, replay } from '../../../test/support/fold-view.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import {
  CaseClaimed,
  CaseOpened,
  CaseReopened,
  ReviewConfirmed,
  ReviewDismissed,
  ReviewOverturned,
  VerdictGiven,
  VerdictWithdrawn,
} from '../../review/index.js';
import { verdictsView } from './verdicts.js';

const caseId = 'img-1';
const minute = (n: number) => new Date(Date.UTC(2022, 4, 18, 9, n)).toISOString();
const opened = recordedOf(1, CaseOpened, { caseId, flaggedAt: minute(0) });
const claimed = recordedOf(3, CaseClaimed, { caseId, reviewer: 'rev-1' });
const renewed = recordedOf(4, CaseClaimed, { caseId, reviewer: 'rev-1' });
const safe = recordedOf(5, VerdictGiven, { caseId, reviewer: 'rev-1', verdict: 'safe' });
const elsewhere = recordedOf(6, VerdictGiven, { caseId, reviewer: 'rev-1', verdict: 'safe', reviewerSource: '/other' });
const dismissed = recordedOf(7, ReviewDismissed, { caseId });
const again = recordedOf(8, CaseReopened, { caseId, round: 2 });
const claimedAgain = recordedOf(9, CaseClaimed, { caseId, reviewer: 'rev-2' });
const unsafe = recordedOf(11, VerdictGiven, { caseId, reviewer: 'rev-2', verdict: 'unsafe' });
const confirmed = recordedOf(12, ReviewConfirmed, { caseId });
const story = [opened, claimed, renewed, safe, elsewhere, dismissed, again, claimedAgain, unsafe, confirmed];

const rowOf = (...events: RecordedEvent[]) => foldView(verdictsView, events).rows[caseId];

describe('the view of verdicts', () => {
  it('has the verdicts of every round with their times and the outcome of their round', () => {
    const first = { round: 1, reviewer: 'rev-1', verdict: 'safe', outcome: 'dismissed' };
    expect(rowOf(...story)).toMatchObject({
      round: 2,
      outcome: 'confirmed',
      verdicts: [
        { ...first, viewedAfterMs: 180_000, judgedAfterMs: 120_000 },
        { ...first, source: '/other' },
        {
          ...{ round: 2, reviewer: 'rev-2', verdict: 'unsafe', outcome: 'confirmed' },
          ...{ viewedAfterMs: 60_000, judgedAfterMs: 120_000 },
        },
      ],
    });
  });

  it('keeps the outcome of the last decision while a later round is open', () => {
    expect(rowOf(...story.slice(0, 8))).toMatchObject({
      round: 2,
      outcome: 'dismissed',
      claims: { 'rev-2': Date.parse(minute(9)) },
    });
  });

  it('has only what a verdict without a claim here says of times, and no verdict that was taken back', () => {
    const row = rowOf(opened, claimed, safe, elsewhere);
    expect(row!.verdicts[1]).toEqual({
      round: 1,
      reviewer: 'rev-1',
      source: '/other',
      verdict: 'safe',
      answerTimeMs: 21_574,
    });
    const withdrawn = recordedOf(7, VerdictWithdrawn, { caseId, reviewer: 'rev-1' });
    expect(rowOf(opened, claimed, safe, elsewhere, withdrawn)!.verdicts).toEqual([row!.verdicts[1]]);
  });

  it('has any name of a reviewer, even that of a property of every object', () => {
    const odd = recordedOf(2, CaseClaimed, { caseId, reviewer: 'constructor' });
    const given = recordedOf(3, VerdictGiven, { caseId, reviewer: 'constructor', verdict: 'safe' });
    expect(rowOf(opened, odd, given)!.verdicts[0]).toMatchObject({ judgedAfterMs: 60_000 });
    const unclaimed = recordedOf(2, VerdictGiven, { caseId, reviewer: 'toString', verdict: 'safe' });
    expect(rowOf(opened, unclaimed)!.verdicts[0]).not.toHaveProperty('judgedAfterMs');
  });

  it('counts the cases that were ever confirmed, and those that are not any more', () => {
    const countersOf = (...events: RecordedEvent[]) => foldView(verdictsView, events).counters;
    expect(countersOf(...story.slice(0, -1))).toEqual({});
    expect(countersOf(...story)).toEqual({ all: { confirmed: 1, overturned: 0 } });
    const overturned = recordedOf(13, ReviewOverturned, { caseId });
    expect(countersOf(...story, overturned)).toEqual({ all: { confirmed: 1, overturned: 1 } });
    const reopened = recordedOf(14, CaseReopened, { caseId, round: 3 });
    const dismissedNow = recordedOf(15, ReviewDismissed, { caseId, round: 3 });
    expect(countersOf(...story, reopened, dismissedNow)).toEqual({ all: { confirmed: 1, overturned: 1 } });
  });

  it('stays the same when events are replayed', () => {
    const { once, replayed } = replay(verdictsView, story);
    expect(replayed).toEqual(once);
  });
});
