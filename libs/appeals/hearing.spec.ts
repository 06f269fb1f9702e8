import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { type Appeal, appealStream } from './appeal.js';
import type { AppealEvent } from './events.js';
import { claimAppeal, type DecideAppeal, decideAppeal, type HearingFacts, releaseAppeal } from './hearing.js';

const NOW = Date.parse('2022-05-20T10:00:00Z');
const LEASE_MS = 300_000;
const appealId = 'img-1';
const by = (reviewer: string, now = NOW) => ({ appealId, reviewer, now });
const filed: AppealEvent & { metadata: object } = {
  type: 'AppealFiled',
  data: {
    ...{ appealId, number: 1, accountId: 'acc-1', caseId: 'img-1', order: 1 },
    ...{ text: 'a film', hasNewEvidence: false, dueAt: '2022-06-03T10:00:00.000Z' },
  },
  metadata: { actor: { kind: 'service', id: 'web-site' } },
};
const open = fold(appealStream, [filed]);
const evolve = (state: Appeal, events: AppealEvent[]) => fold(appealStream, events, state);
const facts: HearingFacts = {
  order: {
    accountId: 'acc-1',
    caseId: 'img-1',
    imageId: 'img-1',
    measure: 'deactivate',
    clause: 'violent',
    categories: [],
  },
  round: 1,
  clauses: ['violent', 'spam'],
};
const claim = (state: Appeal, reviewer: string, now = NOW) =>
  claimAppeal(state, { ...by(reviewer, now), leaseMs: LEASE_MS }, facts);
const decision = (of: Partial<DecideAppeal> = {}): DecideAppeal => ({
  ...by('rev-2'),
  ...{ outcome: 'granted', reason: 'a documentary' },
  ...of,
});
const code = (expected: string) => expect.objectContaining({ code: expected });
const claimed = evolve(open, claim(open, 'rev-2'));

describe('a claim', () => {
  it('keeps others out until it ends, and has the next token then', () => {
    expect(claimed.claim).toEqual({ reviewer: 'rev-2', until: NOW + LEASE_MS, token: 1 });
    expect(() => claim(claimed, 'rev-3')).toThrow(code('appeal-claimed'));
    expect(claim(claimed, 'rev-3', NOW + LEASE_MS)).toMatchObject([{ data: { reviewer: 'rev-3', token: 2 } }]);
  });

  it('is a no-op while more than half of it is left, and is renewed after that', () => {
    expect(claim(claimed, 'rev-2', NOW + LEASE_MS / 2 - 1)).toEqual([]);
    expect(claim(claimed, 'rev-2', NOW + LEASE_MS / 2)).toMatchObject([{ data: { token: 1 } }]);
  });

  it('is released by its reviewer, and if they name a token by that only', () => {
    expect(releaseAppeal(claimed, { appealId, reviewer: 'rev-2' })).toHaveLength(1);
    expect(releaseAppeal(claimed, { appealId, reviewer: 'rev-3' })).toEqual([]);
    expect(releaseAppeal(claimed, { appealId, reviewer: 'rev-2', token: 2 })).toEqual([]);
    expect(releaseAppeal(claimed, { appealId, reviewer: 'rev-2', token: 1 })).toHaveLength(1);
    expect(() => releaseAppeal(appealStream.initial, { appealId, reviewer: 'rev-2', token: 1 })).toThrow(
      code('appeal-unknown'),
    );
  });

  it('is refused to people who took part, and for an appeal that is decided or unknown', () => {
    const conflict = { ...facts, conflict: 'own-flag' as const };
    expect(() => claimAppeal(open, { ...by('rev-1'), leaseMs: LEASE_MS }, conflict)).toThrow(code('own-flag'));
    const decided = evolve(open, decideAppeal(open, decision(), facts));
    expect(() => claim(decided, 'rev-3')).toThrow(code('appeal-decided'));
    expect(() => claim(appealStream.initial, 'rev-3')).toThrow(code('appeal-unknown'));
  });
});

describe('a decision', () => {
  it('says what it is about, so that it can be carried out', () => {
    expect(decideAppeal(open, decision(), facts)).toEqual([
      {
        type: 'AppealGranted',
        data: {
          ...{ appealId, number: 1, accountId: 'acc-1', caseId: 'img-1', imageId: 'img-1', round: 1, order: 1 },
          ...{ reviewer: 'rev-2', reason: 'a documentary' },
        },
      },
    ]);
  });

  it('is made once: a repeat changes nothing, and another one is refused', () => {
    const state = evolve(open, decideAppeal(open, decision(), facts));
    expect(decideAppeal(state, decision(), facts)).toEqual([]);
    expect(() => decideAppeal(state, decision({ outcome: 'denied' }), facts)).toThrow(code('appeal-decided'));
    expect(() => decideAppeal(state, decision({ reviewer: 'rev-3' }), facts)).toThrow(code('appeal-decided'));
  });

  it('is refused while somebody else holds the claim, and with a token of an earlier claim', () => {
    expect(() => decideAppeal(claimed, decision({ reviewer: 'rev-3' }), facts)).toThrow(code('appeal-claimed'));
    expect(() => decideAppeal(claimed, decision({ token: 9 }), facts)).toThrow(code('claim-lost'));
    expect(decideAppeal(claimed, decision({ token: 1 }), facts)).toHaveLength(1);
  });

  it('is refused to those who filed the appeal or decided an earlier one', () => {
    expect(() => decideAppeal(open, decision({ reviewer: 'web-site' }), facts)).toThrow(code('took-part'));
    const second = evolve(open, [...decideAppeal(open, decision({ outcome: 'denied' }), facts), filed]);
    expect(() => decideAppeal(second, decision(), facts)).toThrow(code('took-part'));
    expect(() => decideAppeal(open, decision(), { ...facts, conflict: 'linked-account' })).toThrow(
      code('linked-account'),
    );
  });

  it('in part needs another clause of the policy in force', () => {
    const partly = (clause?: string) => decision({ outcome: 'partly-granted', clause });
    expect(decideAppeal(open, partly('spam'), facts)).toMatchObject([
      { type: 'AppealPartlyGranted', data: { clause: 'spam' } },
    ]);
    const inPart = evolve(open, decideAppeal(open, partly('spam'), facts));
    expect(decideAppeal(inPart, partly('spam'), facts)).toEqual([]);
    expect(() => decideAppeal(inPart, partly('violent'), facts)).toThrow(code('appeal-decided'));
    expect(() => decideAppeal(open, partly('other'), facts)).toThrow(code('clause-unknown'));
    for (const wrong of [partly(), partly('violent'), decision({ clause: 'spam' })])
      expect(() => decideAppeal(open, wrong, facts)).toThrow(code('invalid-input'));
    const byHand = { ...facts, order: { accountId: 'acc-1', measure: 'suspend' as const, categories: [] } };
    expect(() => decideAppeal(open, partly('spam'), byHand)).toThrow(code('invalid-input'));
  });
});
