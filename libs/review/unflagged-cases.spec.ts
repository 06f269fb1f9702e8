import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CASE_ID, caseFile, flag, vote } from '../../test/support/case-file.js';
import { caseStream, type Verdict } from './case.js';
import type { CaseEvent } from './events.js';
import { openCase } from './flag-decisions.js';
import { NO_STANDING } from './priority.js';
import { reviewSettingsStream } from './queue-rules.js';
import { routeCase } from './routing.js';
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
    const about = { categories: ['violent', 'hate', 'hate'], confidence: 0.7 };
    const opened = { round: 1, confidence: 0.7, hasComment: false };
    expect(sampled({ ...about, origin: 'golden' }).log).toMatchObject([
      { type: 'CaseOpened', data: { ...opened, origin: 'golden', categories: ['hate', 'violent'] } },
    ]);
    expect(sampled({ ...about, queue: 'calm' }).log).toMatchObject([
      {
        type: 'CaseOpened',
        data: {
          ...opened,
          origin: 'sample',
          categories: [],
          sample: { categories: ['hate', 'violent'], queue: 'calm' },
        },
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

describe('a case of the random sample', () => {
  const decided = (file: ReturnType<typeof sampled>, verdict: Verdict) => vote(file.state(), 'rev-1', verdict).at(-1)!;

  it('shows categories that its decision does not name, unless a flag does', () => {
    const file = sampled({ categories: ['violent', 'hate'] });
    expect([...file.state().categories].sort()).toEqual(['hate', 'violent']);
    expect(decided(file, 'unsafe')).toMatchObject({
      type: 'ReviewConfirmed',
      data: { categories: [], clause: 'violent' },
    });
    file.append(openCase(file.state(), flag({ categories: ['violent', 'gore'], position: 20 })));
    expect(decided(file, 'safe')).toMatchObject({ type: 'ReviewDismissed', data: { categories: ['gore', 'violent'] } });
    file.append([decided(file, 'safe') as CaseEvent]);
    file.append(openCase(file.state(), flag({ flagId: 'f2', flaggedBy: 'acc-8', categories: ['hate'], position: 90 })));
    expect(decided(file, 'unsafe')).toMatchObject({ data: { round: 2, categories: ['hate'] } });
  });

  it('is joined by a flag of its flagger that names what it only showed', () => {
    const file = sampled({ categories: ['violent'] });
    file.append(openCase(file.state(), flag({ categories: ['hate'], position: 20 })));
    file.append(openCase(file.state(), flag({ flagId: 'f2', categories: ['violent'], position: 30 })));
    expect(decided(file, 'safe')).toMatchObject({ data: { categories: ['hate', 'violent'] } });
  });

  it('waits where a flagged case with its categories would, or in the queue of the sample while there is one', () => {
    const rules = {
      ...reviewSettingsStream.initial,
      queues: [{ id: 'default' }, { id: 'blood' }, { id: 'calm' }],
      rules: [{ queue: 'blood', categories: ['violent'] }],
    };
    const facts = { rules, panelSize: 1, severities: new Map(), reach: 0, records: new Map(), standing: NO_STANDING };
    const queueOf = (change: Partial<OpenUnflagged>) =>
      (routeCase(sampled(change).state(), CASE_ID, facts)[0]!.data as { queue: string }).queue;
    expect(queueOf({ categories: ['violent'] })).toBe('blood');
    expect(queueOf({ categories: [] })).toBe('default');
    expect(queueOf({ categories: ['violent'], queue: 'calm' })).toBe('calm');
    expect(queueOf({ categories: ['violent'], queue: 'gone' })).toBe('blood');
  });

  it('never has a decision that names what no flag has named, whatever joins it', () => {
    const labels = fc.subarray(['violent', 'hate', 'gore']);
    fc.assert(
      fc.property(
        labels,
        fc.array(labels, { maxLength: 4 }),
        fc.constantFrom<Verdict>('safe', 'unsafe'),
        (shown, flags, verdict) => {
          const file = sampled({ categories: shown });
          for (const [n, categories] of flags.entries())
            file.append(
              openCase(
                file.state(),
                flag({ flagId: `f${n}`, flaggedBy: `acc-${n % 2}0`, categories, position: 20 + n }),
              ),
            );
          expect((decided(file, verdict).data as { categories: string[] }).categories).toEqual(
            [...new Set(flags.flat())].sort(),
          );
        },
      ),
      { numRuns: 300, seed: 20220518 },
    );
  });
});
