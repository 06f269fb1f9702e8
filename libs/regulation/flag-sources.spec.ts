import { expect, it } from '@jest/globals';
import { flagSourcesAfter, NOBODY } from './flag-sources.js';

const opened = (data: object) => ({ type: 'CaseOpened', data });
const joined = (flaggerKind: string) => ({ type: 'CaseJoined', data: { flaggedBy: 'x', flaggerKind } });

it('are those of the flags of the current round', () => {
  const first = [opened({ flaggedBy: 'det-1', flaggerKind: 'detector' }), joined('user'), joined('staff')];
  expect(first.reduce(flagSourcesAfter, NOBODY)).toEqual({ users: true, detectors: true });
  const second = [...first, opened({ flaggedBy: 'det-1', flaggerKind: 'detector' })];
  expect(second.reduce(flagSourcesAfter, NOBODY)).toEqual({ users: false, detectors: true });
});

it('are nobody in a case that no flag opened, whatever it shows its reviewers', () => {
  const sampled = opened({ origin: 'sample', sample: { flaggerKind: 'user' } });
  expect(flagSourcesAfter(NOBODY, sampled)).toEqual(NOBODY);
  expect([sampled, joined('detector')].reduce(flagSourcesAfter, NOBODY)).toEqual({ users: false, detectors: true });
  expect(flagSourcesAfter(NOBODY, { type: 'CaseReopened', data: { flaggedBy: 'x', flaggerKind: 'user' } })).toEqual(
    NOBODY,
  );
});
