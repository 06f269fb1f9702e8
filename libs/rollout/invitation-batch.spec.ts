import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { batchStream, chooseInvited, endChoice } from './invitation-batch.js';
import type { BatchEvent } from './invitation-events.js';

const chosen = (accounts: string[], part = 0, last = false): BatchEvent => ({
  type: 'InvitationsChosen',
  data: { batchId: 'b1', accounts, turns: accounts.map(() => 1), part, last },
});
const choose = (history: BatchEvent[], accounts: string[], part: number, size: number) =>
  chooseInvited(fold(batchStream, history), { batchId: 'b1', part, accounts, turns: accounts.map(() => 1), size });

describe('choosing whom to invite', () => {
  it('chooses part by part, at most as many as there are places', () => {
    const many = Array.from({ length: 1_000 }, (_, n) => `a${n}`);
    expect(choose([], many, 0, 1_002)).toEqual([chosen(many)]);
    expect(choose([chosen(many)], ['x', 'y', 'z'], 1, 1_002)).toEqual([chosen(['x', 'y'], 1, true)]);
  });

  it('is complete when nobody else waits', () => {
    expect(choose([], ['a'], 0, 3)).toEqual([chosen(['a'], 0, true)]);
    expect(choose([], [], 0, 3)).toEqual([chosen([], 0, true)]);
  });

  it('is a no-op for a part that was chosen, and for a choice that is complete', () => {
    expect(choose([chosen(['a'])], ['b'], 0, 3)).toEqual([]);
    expect(choose([chosen(['a'], 0, true)], ['b'], 1, 3)).toEqual([]);
  });
});

describe('ending the choice of a batch that is over', () => {
  it('leaves nothing to choose', () => {
    expect(endChoice(fold(batchStream, [chosen(['a'])]), 'b1')).toEqual([chosen([], 1, true)]);
    expect(choose([chosen(['a']), chosen([], 1, true)], ['b'], 2, 3)).toEqual([]);
  });

  it('is a no-op if the choice is complete', () => {
    expect(endChoice(fold(batchStream, [chosen(['a'], 0, true)]), 'b1')).toEqual([]);
  });
});
