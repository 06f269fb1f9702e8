import { describe, expect, it } from '@jest/globals';
import { caseFile, CASE_ID as caseId, flag, vote } from '../../test/support/case-file.js';
import { foldView, recordedOf } from '../../test/support/fold-view.js';
import { type Case, caseStream } from './case.js';
import { CaseOpened, ReviewConfirmed } from './events.js';
import { openCase } from './flag-decisions.js';
import { amendReview, overturnReview } from './overturning.js';
import { ReviewOverturned } from './overturning-events.js';
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
    expect(vote(file.state(), 'rev-2', 'unsafe')).toEqual([]);
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
