import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CASE_ID, caseFile, flag, vote } from '../../test/support/case-file.js';
import { type Case, caseStream, type Verdict } from './case.js';
import type { CaseEvent } from './events.js';
import { openCase } from './flag-decisions.js';
import { NO_STANDING, priorityParts } from './priority.js';
import { reviewSettingsStream } from './queue-rules.js';
import { type RoutingFacts, routeCase } from './routing.js';
import type { SampleLikeness } from './sampling-events.js';
import { type OpenUnflagged, openUnflagged } from './unflagged-cases.js';

const opening = (change: Partial<OpenUnflagged> = {}): OpenUnflagged => ({
  ...{ imageId: CASE_ID, accountId: 'acc-1', origin: 'sample', categories: [], panelSize: 1 },
  chosenAt: '2022-05-19T10:00:00.000Z',
  ...change,
});
const unflagged = (change: Partial<OpenUnflagged>) =>
  caseFile().append(openUnflagged(caseStream.initial, opening(change)));
const sampled = (sample: Partial<SampleLikeness> = {}) => unflagged({ sample: { categories: [], ...sample } });

describe('a case without a flag', () => {
  it('is opened with its origin, and as a flag without a comment would open it', () => {
    const about = { categories: ['violent', 'hate', 'hate'], confidence: 0.7 };
    const shown = { categories: ['hate', 'violent'], confidence: 0.7 };
    const opened = { round: 1, hasComment: false };
    expect(unflagged({ ...about, origin: 'golden' }).log).toMatchObject([
      { type: 'CaseOpened', data: { ...opened, ...shown, origin: 'golden' } },
    ]);
    const like = { flaggerKind: 'detector', recordOf: 'det-1', queue: 'calm' } as const;
    const { data } = sampled({ ...about, ...like }).log[0]!;
    expect(data).toMatchObject({ ...opened, origin: 'sample', categories: [], sample: { ...shown, ...like } });
    expect(data).not.toHaveProperty('confidence');
    expect(data).not.toHaveProperty('flagId');
    expect(data).not.toHaveProperty('flaggedBy');
  });

  it('counts no flag and no flagger', () => {
    const state = sampled({ confidence: 0.7, recordOf: 'acc-9' }).state();
    expect(state).toMatchObject({ status: 'open', origin: 'sample', flags: 0, confidence: 0 });
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
    const queueOf = (sample: Partial<SampleLikeness>) =>
      (routeCase(sampled(sample).state(), CASE_ID, facts)[0]!.data as { queue: string }).queue;
    expect(queueOf({ categories: ['violent'] })).toBe('blood');
    expect(queueOf({ categories: [] })).toBe('default');
    expect(queueOf({ categories: ['violent'], queue: 'calm' })).toBe('calm');
    expect(queueOf({ categories: ['violent'], queue: 'gone' })).toBe('blood');
  });

  it('has the priority and the queue of the case that it is like, for each of what its first flag said', () => {
    const facts: RoutingFacts = {
      rules: {
        ...reviewSettingsStream.initial,
        queues: [{ id: 'default' }, { id: 'found' }, { id: 'sure' }],
        rules: [
          { queue: 'found', sources: ['detector'] },
          { queue: 'sure', minConfidence: 0.8 },
        ],
      },
      ...{ panelSize: 1, severities: new Map(), reach: 0, standing: NO_STANDING },
      records: new Map([['acc-9', { decided: 90, confirmed: 60 }]]),
    };
    const placeOf = (state: Case) => ({
      parts: priorityParts(state, facts),
      queue: (routeCase(state, CASE_ID, facts)[0]!.data as { queue: string }).queue,
    });
    const queues = [undefined, 0, 0.79, 0.8, 1].flatMap((confidence) =>
      (['user', 'detector', 'staff'] as const).map((flaggerKind) => {
        const said = { categories: ['violent'], flaggerKind, ...(confidence !== undefined && { confidence }) };
        const common = placeOf(
          caseFile()
            .append(openCase(caseStream.initial, flag(said)))
            .state(),
        );
        expect(placeOf(sampled({ ...said, recordOf: 'acc-9' }).state())).toEqual(common);
        return common.queue;
      }),
    );
    expect(new Set(queues)).toEqual(new Set(['default', 'found', 'sure']));
  });

  it('lets flags join by their own confidence, whatever it shows itself', () => {
    const file = sampled({ categories: ['violent'], confidence: 0.9, recordOf: 'acc-9' });
    file.append(openCase(file.state(), flag({ confidence: 0.3, position: 20 })));
    expect(file.state()).toMatchObject({ flags: 1, confidence: 0.3, sample: { confidence: 0.9 } });
    expect(openCase(file.state(), flag({ flagId: 'f2', confidence: 0.4, position: 30 }))).toEqual([]);
    const surer = openCase(file.state(), flag({ flagId: 'f3', confidence: 0.5, position: 40 }));
    expect(surer).toMatchObject([{ type: 'CaseJoined', data: { confidence: 0.5 } }]);
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
