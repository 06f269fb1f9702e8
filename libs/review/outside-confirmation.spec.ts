import { describe, expect, it } from '@jest/globals';
import { caseFile, CASE_ID as caseId, flag, vote } from '../../test/support/case-file.js';
import { type Case, caseStream } from './case.js';
import type { CaseFacts } from './conflict-of-interest.js';
import { type OpenCase, openCase } from './flag-decisions.js';
import { importReviewConfirmed } from './outside-confirmation.js';

const opened = (change?: Partial<OpenCase>) => caseFile().append(openCase(caseStream.initial, flag(change)));
const refusal = (code: string) => expect.objectContaining({ code });
const dismissed = () => {
  const file = opened();
  return file.append(vote(file.state(), 'rev-1', 'safe'));
};
const confirmed = () => {
  const file = opened();
  return file.append(vote(file.state(), 'rev-1', 'unsafe'));
};

describe('a confirmation from another system', () => {
  const confirm = (state: Case, change = {}, facts: CaseFacts = {}) =>
    importReviewConfirmed(state, { caseId, categories: ['hate'], reviewers: ['rev-x'], ...change }, facts);

  it('confirms an open case', () => {
    expect(confirm(opened().state())).toEqual([
      {
        type: 'ReviewConfirmed',
        data: {
          caseId,
          imageId: caseId,
          accountId: 'acc-1',
          categories: ['hate'],
          votes: { safe: 0, unsafe: 0, unsure: 0 },
          round: 1,
          reviewers: ['rev-x'],
        },
      },
    ]);
  });

  it('has the flags’ categories if it names none, and its own votes if it has any', () => {
    const votes = { safe: 1, unsafe: 2, unsure: 0 };
    const [event] = confirm(opened().state(), { categories: [], votes });
    expect(event!.data).toMatchObject({ categories: ['violent'], votes });
  });

  it('names its reviewers, none of whom flagged the image or owns it', () => {
    const state = opened().state();
    for (const reviewers of [undefined, []]) {
      expect(() => confirm(state, { reviewers })).toThrow(
        expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining('/data/reviewers') }),
      );
    }
    expect(() => confirm(state, { reviewers: ['rev-x', 'acc-9'] })).toThrow(refusal('own-flag'));
    expect(() => confirm(state, {}, { notedRounds: new Map([['rev-x', 1]]) })).toThrow(refusal('own-flag'));
    expect(() => confirm(state, {}, { owner: 'rev-x' })).toThrow(refusal('own-image'));
    const ownerless = opened({ accountId: undefined }).state();
    expect(() => confirm(ownerless, { accountId: 'rev-x' })).toThrow(refusal('own-image'));
  });

  it('is a no-op if the case is confirmed', () => {
    expect(confirm(confirmed().state(), { reviewers: undefined })).toEqual([]);
  });

  it('is refused for an unknown or dismissed case, and if the account is unknown', () => {
    expect(() => confirm(caseStream.initial)).toThrow(refusal('case-unknown'));
    expect(() => confirm(dismissed().state())).toThrow(refusal('case-dismissed'));
    expect(() => confirm(opened({ accountId: undefined }).state())).toThrow(refusal('image-owner-unknown'));
  });

  it('has the account of the image’s own record, else of a flag, else of its sender', () => {
    const sent = { accountId: 'acc-3' };
    const owners = [
      confirm(opened().state(), sent, { owner: 'acc-2' }),
      confirm(opened().state(), sent),
      confirm(opened({ accountId: undefined }).state(), sent),
    ].map(([event]) => event!.data);
    expect(owners).toMatchObject([{ accountId: 'acc-2' }, { accountId: 'acc-1' }, { accountId: 'acc-3' }]);
  });
});
