import { describe, expect, it } from '@jest/globals';
import { CASE_ID, caseFile, flag } from '../../test/support/case-file.js';
import { caseStream } from './case.js';
import { openCase } from './flag-decisions.js';
import { type OpenUnflagged, openUnflagged } from './unflagged-cases.js';

const opening = (change: Partial<OpenUnflagged> = {}): OpenUnflagged => ({
  ...{ imageId: CASE_ID, accountId: 'acc-1', origin: 'sample', categories: [], panelSize: 1 },
  chosenAt: '2022-05-19T10:00:00.000Z',
  ...change,
});
const sampled = (change?: Partial<OpenUnflagged>) =>
  caseFile().append(openUnflagged(caseStream.initial, opening(change)));

describe('a case without a flag', () => {
  it('is opened with its origin, and as a flag without a comment would open it', () => {
    expect(sampled({ categories: ['violent', 'hate', 'hate'], confidence: 0.7 }).log).toMatchObject([
      {
        type: 'CaseOpened',
        data: { round: 1, origin: 'sample', categories: ['hate', 'violent'], confidence: 0.7, hasComment: false },
      },
    ]);
    const { data } = sampled().log[0]!;
    expect(data).not.toHaveProperty('flagId');
    expect(data).not.toHaveProperty('flaggedBy');
  });

  it('counts no flag and no flagger', () => {
    const state = sampled({ confidence: 0.7 }).state();
    expect(state).toMatchObject({ status: 'open', origin: 'sample', flags: 0, confidence: 0.7 });
    expect([...state.flaggers, ...state.everFlagged, ...state.flagged]).toEqual([]);
    expect([...state.sources]).toEqual(['user']);
  });

  it('is not opened for an image that has a case', () => {
    expect(openUnflagged(sampled().state(), opening())).toEqual([]);
    const flagged = caseFile().append(openCase(caseStream.initial, flag()));
    expect(openUnflagged(flagged.state(), opening())).toEqual([]);
    expect(flagged.state().origin).toBe('flags');
  });

  it('is joined by a flag, and keeps its origin for the round', () => {
    const file = sampled();
    file.append(openCase(file.state(), flag({ position: 20 })));
    expect(file.log.map(({ type }) => type)).toEqual(['CaseOpened', 'CaseJoined']);
    expect(file.state()).toMatchObject({ origin: 'sample', flags: 1 });
    expect([...file.state().flaggers]).toEqual(['acc-9']);
  });

  it('has a next round for a flag after its dismissal, which is one of flags', () => {
    const file = sampled();
    const dismissed = { caseId: CASE_ID, imageId: CASE_ID, categories: [], votes: { safe: 1, unsafe: 0, unsure: 0 } };
    file.append([{ type: 'ReviewDismissed', data: { ...dismissed, round: 1 } }]);
    expect(openCase(file.state(), flag({ position: 5 }))).toEqual([]);
    file.append(openCase(file.state(), flag({ position: 20 })));
    expect(file.state()).toMatchObject({ status: 'open', round: 2, origin: 'flags', flags: 1 });
  });
});
