import { describe, expect, it } from '@jest/globals';
import { caseFile, CASE_ID as caseId, flag, vote } from '../../test/support/case-file.js';
import { caseStream } from './case.js';
import type { CaseEvent } from './events.js';
import { MAX_FLAGS, type OpenCase, openCase } from './flag-decisions.js';

const opened = (change?: Partial<OpenCase>) => caseFile().append(openCase(caseStream.initial, flag(change)));
const types = (events: readonly CaseEvent[]) => events.map((event) => event.type);
const dismissed = () => {
  const file = opened();
  return file.append(vote(file.state(), 'rev-1', 'safe'));
};
const confirmed = () => {
  const file = opened();
  return file.append(vote(file.state(), 'rev-1', 'unsafe'));
};

describe('a flag', () => {
  it('opens the case of its image', () => {
    expect(openCase(caseStream.initial, flag())).toEqual([
      {
        type: 'CaseOpened',
        data: {
          caseId,
          imageId: caseId,
          accountId: 'acc-1',
          round: 1,
          panelSize: 1,
          flagId: 'flag-1',
          flaggedBy: 'acc-9',
          categories: ['violent'],
          flaggedAt: '2022-05-19T10:00:00.000Z',
        },
      },
    ]);
  });

  it('joins an open case if it has another flagger or another category', () => {
    const state = opened().state();
    expect(types(openCase(state, flag({ flagId: 'flag-2', flaggedBy: 'acc-8', position: 12 })))).toEqual([
      'CaseJoined',
    ]);
    expect(types(openCase(state, flag({ flagId: 'flag-2', categories: ['hate'], position: 12 })))).toEqual([
      'CaseJoined',
    ]);
  });

  it('of a flagger with a poor record reopens a dismissed case only for a new category or a higher confidence', () => {
    const file = dismissed();
    const poor = (change: Partial<OpenCase>) =>
      types(openCase(file.state(), flag({ flaggedBy: 'acc-7', position: 99, hasPoorRecord: true, ...change })));
    expect(poor({})).toEqual([]);
    expect(poor({ categories: [] })).toEqual(['CaseOpened']);
    expect(poor({ categories: ['violent', 'hate'] })).toEqual(['CaseOpened']);
    expect(poor({ confidence: 0.2 })).toEqual(['CaseOpened']);
    expect(poor({ hasPoorRecord: false })).toEqual(['CaseOpened']);
    // An open case gains a flagger, with a poor record too.
    expect(types(openCase(opened().state(), flag({ flaggedBy: 'acc-7', hasPoorRecord: true })))).toEqual([
      'CaseJoined',
    ]);
  });

  it('is a no-op if it is repeated or has neither a new flagger, a new category nor a higher confidence', () => {
    expect(openCase(opened().state(), flag())).toEqual([]);
    expect(openCase(opened().state(), flag({ flagId: 'flag-2', position: 12 }))).toEqual([]);
  });

  it('that is repeated joins an open case each time its confidence is higher by the step', () => {
    const file = opened({ confidence: 0.3 });
    const again = (confidence?: number) => openCase(file.state(), flag({ flagId: 'flag-2', position: 12, confidence }));
    for (const lower of [undefined, 0.2, 0.3, 0.499]) expect(again(lower)).toEqual([]);
    expect(again(0.5)).toMatchObject([{ type: 'CaseJoined', data: { flagId: 'flag-2', confidence: 0.5 } }]);
    file.append(again(0.5));
    expect(again(0.5)).toEqual([]);
    expect(again(0.69)).toEqual([]);
    file.append(again(1));
    expect(file.state()).toMatchObject({ confidence: 1, flags: 3 });
    expect(again(1)).toEqual([]);
  });

  it('opens the next round only if it was stored after the dismissal', () => {
    const file = dismissed();
    const at = file.log.at(-1)!.position;
    expect(openCase(file.state(), flag({ flagId: 'flag-2', position: at - 1 }))).toEqual([]);
    const events = openCase(file.state(), flag({ flagId: 'flag-3', flaggedBy: 'acc-7', position: at + 1 }));
    expect(events).toEqual([
      expect.objectContaining({ type: 'CaseOpened', data: expect.objectContaining({ round: 2 }) }),
    ]);
    const second = file.append(events).state();
    expect(second).toMatchObject({ status: 'open', round: 2, flags: 1, verdicts: [] });
    expect([...second.flaggers]).toEqual(['acc-7']);
    expect(openCase(second, flag())).toEqual([]);
  });

  it('is a no-op beyond the maximum number of flags in a round', () => {
    const file = opened();
    const another = (n: number) =>
      openCase(
        file.state(),
        flag({ flagId: `flag-${n}`, flaggedBy: `acc-${n}`, position: n, categories: [`label-${n}`] }),
      );
    for (let n = 100; n < 100 + MAX_FLAGS - 1; n++) file.append(another(n));
    expect(file.log).toHaveLength(MAX_FLAGS);
    expect(another(99)).toEqual([]);
    const [, decision] = vote(file.state(), 'rev-1', 'unsafe');
    expect(decision!.data).toMatchObject({
      categories: [...Array.from({ length: 19 }, (_, n) => `label-${100 + n}`), 'violent'],
    });
  });

  it('is a no-op after a confirmation', () => {
    expect(openCase(confirmed().state(), flag({ flagId: 'flag-2', flaggedBy: 'acc-8', position: 99 }))).toEqual([]);
  });
});
