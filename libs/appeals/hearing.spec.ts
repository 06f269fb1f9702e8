import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '../kernel/decider.js';
import { Refusal } from '../kernel/errors.js';
import { type Appeal, appealStream } from './appeal.js';
import type { AppealEvent } from './events.js';
import {
  claimAppeal,
  type DecideAppeal,
  decideAppeal,
  type HandOverAppeal,
  type HearingFacts,
  handOverAppeal,
  releaseAppeal,
  renewAppealClaim,
} from './hearing.js';

const NOW = Date.parse('2022-05-20T10:00:00Z');
const LEASE_MS = 300_000;
const appealId = 'img-1';
const by = (reviewer: string, now = NOW) => ({ appealId, reviewer, now });
const filed: AppealEvent & { metadata: object } = {
  type: 'AppealFiled',
  data: {
    ...{ appealId, number: 1, accountId: 'acc-1', caseId: 'img-1', order: 1, since: 1 },
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
  since: 1,
  clauses: ['violent', 'spam'],
};
const claim = (state: Appeal, reviewer: string, now = NOW) =>
  claimAppeal(state, { ...by(reviewer, now), leaseMs: LEASE_MS }, facts);
const decision = (of: Partial<DecideAppeal> = {}): DecideAppeal => ({
  ...by('rev-2'),
  ...{ outcome: 'granted', reason: 'a documentary', token: 1 },
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

  it('can be renewed after its end, until somebody else claims the appeal', () => {
    const renew = (state: Appeal, now: number, token = 1) =>
      renewAppealClaim(state, { ...by('rev-2', now), token, leaseMs: LEASE_MS });
    const later = NOW + 10 * LEASE_MS;
    expect(renew(claimed, NOW + LEASE_MS / 2 - 1)).toEqual([]);
    expect(renew(claimed, later)).toMatchObject([
      { type: 'AppealClaimed', data: { reviewer: 'rev-2', token: 1, until: new Date(later + LEASE_MS).toISOString() } },
    ]);
    const lost = evolve(claimed, claim(claimed, 'rev-3', NOW + LEASE_MS));
    expect(() => renew(lost, later)).toThrow(code('claim-lost'));
    expect(() => renew(claimed, NOW, 2)).toThrow(code('claim-lost'));
    expect(() => renew(open, NOW)).toThrow(code('claim-lost'));
    expect(() => renew(evolve(claimed, decideAppeal(claimed, decision(), facts)), NOW)).toThrow(code('appeal-decided'));
    expect(() => renew(appealStream.initial, NOW)).toThrow(code('appeal-unknown'));
  });

  it('is released by its reviewer, with its token only', () => {
    const release = (reviewer: string, token: number) => releaseAppeal(claimed, { appealId, reviewer, token });
    expect(release('rev-2', 1)).toHaveLength(1);
    expect(release('rev-3', 1)).toEqual([]);
    expect(release('rev-2', 2)).toEqual([]);
    expect(() => releaseAppeal(appealStream.initial, { appealId, reviewer: 'rev-2', token: 1 })).toThrow(
      code('appeal-unknown'),
    );
  });

  it('is refused to people who took part, and for an appeal that is decided or unknown', () => {
    const conflict = { ...facts, conflict: 'own-flag' as const };
    expect(() => claimAppeal(open, { ...by('rev-1'), leaseMs: LEASE_MS }, conflict)).toThrow(code('own-flag'));
    const decided = evolve(claimed, decideAppeal(claimed, decision(), facts));
    expect(() => claim(decided, 'rev-3')).toThrow(code('appeal-decided'));
    expect(() => claim(appealStream.initial, 'rev-3')).toThrow(code('appeal-unknown'));
  });
});

describe('handing over', () => {
  const DAY_MS = 86_400_000;
  const known = { isHearer: true };
  const lead: HandOverAppeal = { appealId, by: 'lena', isLead: true, to: 'rev-3', now: NOW };
  const reviewer: HandOverAppeal = { appealId, by: 'rev-2', isLead: false, token: 1, to: 'rev-3', now: NOW };
  const until = new Date(NOW + DAY_MS).toISOString();

  it('keeps the appeal for a person for a day, and ends the claim on it', () => {
    const events = handOverAppeal(claimed, { ...lead, reason: 'reads Welsh' }, known);
    expect(events).toEqual([
      { type: 'AppealHandedOver', data: { appealId, by: 'lena', reviewer: 'rev-3', until, reason: 'reads Welsh' } },
    ]);
    const kept = evolve(claimed, events);
    expect(() => claim(kept, 'rev-2')).toThrow(code('appeal-reserved'));
    expect(() => renewAppealClaim(kept, { ...by('rev-2'), token: 1, leaseMs: LEASE_MS })).toThrow(code('claim-lost'));
    expect(() => decideAppeal(kept, decision(), facts)).toThrow(code('claim-lost'));
    expect(claim(kept, 'rev-2', NOW + DAY_MS)).toMatchObject([{ data: { reviewer: 'rev-2', token: 2 } }]);
    const heard = evolve(kept, claim(kept, 'rev-3'));
    expect(heard).toMatchObject({ claim: { reviewer: 'rev-3', token: 2 } });
    expect(heard).not.toHaveProperty('reserved');
    expect(decideAppeal(heard, decision({ reviewer: 'rev-3', token: 2 }), facts)).toHaveLength(1);
  });

  it('is for leads, and for who holds the claim with its token', () => {
    expect(handOverAppeal(claimed, reviewer, known)).toHaveLength(1);
    for (const wrong of [{ token: 2 }, { token: undefined }, { by: 'rev-9' }])
      expect(() => handOverAppeal(claimed, { ...reviewer, ...wrong }, known)).toThrow(code('claim-lost'));
    expect(() => handOverAppeal(open, reviewer, known)).toThrow(code('claim-lost'));
    // A lead who names a token relies on it.
    expect(() => handOverAppeal(claimed, { ...lead, token: 1 }, known)).toThrow(code('claim-lost'));
    expect(() => handOverAppeal(claimed, { ...reviewer, to: 'rev-2' }, known)).toThrow(code('invalid-input'));
    expect(handOverAppeal(claimed, { ...lead, to: 'lena' }, known)).toHaveLength(1);
  });

  it('is refused to people who may not hear it or whom nobody knows, and once the appeal is decided', () => {
    const conflict = { ...known, conflict: 'linked-account' as const };
    expect(() => handOverAppeal(claimed, lead, conflict)).toThrow(code('linked-account'));
    expect(() => handOverAppeal(claimed, { ...lead, to: 'web-site' }, known)).toThrow(code('took-part'));
    expect(() => handOverAppeal(claimed, lead, { isHearer: false })).toThrow(code('hearer-unknown'));
    const decided = evolve(claimed, decideAppeal(claimed, decision(), facts));
    expect(() => handOverAppeal(decided, lead, known)).toThrow(code('appeal-decided'));
    expect(() => handOverAppeal(appealStream.initial, lead, known)).toThrow(code('appeal-unknown'));
  });

  it('is a no-op if the appeal is kept for that person or claimed by them', () => {
    const kept = evolve(claimed, handOverAppeal(claimed, reviewer, known));
    expect(handOverAppeal(kept, reviewer, known)).toEqual([]);
    expect(handOverAppeal(kept, lead, known)).toEqual([]);
    expect(handOverAppeal(kept, { ...lead, to: 'rev-4' }, known)).toHaveLength(1);
    expect(handOverAppeal(kept, { ...lead, now: NOW + DAY_MS }, known)).toHaveLength(1);
    expect(handOverAppeal(claimed, { ...lead, to: 'rev-2' }, known)).toEqual([]);
    expect(handOverAppeal(claimed, { ...lead, to: 'rev-2', now: NOW + LEASE_MS }, known)).toHaveLength(1);
  });
});

describe('a decision', () => {
  it('says what it is about, so that it can be carried out', () => {
    expect(decideAppeal(claimed, decision(), facts)).toEqual([
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
    const state = evolve(claimed, decideAppeal(claimed, decision(), facts));
    expect(decideAppeal(state, decision(), facts)).toEqual([]);
    expect(() => decideAppeal(state, decision({ outcome: 'denied' }), facts)).toThrow(code('appeal-decided'));
    expect(() => decideAppeal(state, decision({ reviewer: 'rev-3' }), facts)).toThrow(code('appeal-decided'));
  });

  it('needs the claim with its token, whose lease may have ended if nobody else has claimed the appeal', () => {
    for (const [state, wrong] of [
      [open, decision()],
      [claimed, decision({ reviewer: 'rev-3' })],
      [claimed, decision({ token: 9 })],
    ] as const)
      expect(() => decideAppeal(state, wrong, facts)).toThrow(code('claim-lost'));
    const released = evolve(claimed, releaseAppeal(claimed, { appealId, reviewer: 'rev-2', token: 1 }));
    expect(() => decideAppeal(released, decision(), facts)).toThrow(code('claim-lost'));
    const late = decision({ now: NOW + 10 * LEASE_MS });
    expect(decideAppeal(claimed, late, facts)).toHaveLength(1);
    const lost = evolve(claimed, claim(claimed, 'rev-3', NOW + LEASE_MS));
    expect(() => decideAppeal(lost, late, facts)).toThrow(code('claim-lost'));
    expect(decideAppeal(lost, decision({ reviewer: 'rev-3', token: 2 }), facts)).toHaveLength(1);
  });

  it('is refused to those who filed the appeal or decided an earlier one', () => {
    expect(() => decideAppeal(open, decision({ reviewer: 'web-site' }), facts)).toThrow(code('took-part'));
    const second = evolve(claimed, [...decideAppeal(claimed, decision({ outcome: 'denied' }), facts), filed]);
    expect(() => decideAppeal(second, decision(), facts)).toThrow(code('took-part'));
    expect(() => decideAppeal(claimed, decision(), { ...facts, conflict: 'linked-account' })).toThrow(
      code('linked-account'),
    );
  });

  it('in part needs another clause of the policy in force', () => {
    const partly = (clause?: string) => decision({ outcome: 'partly-granted', clause });
    expect(decideAppeal(claimed, partly('spam'), facts)).toMatchObject([
      { type: 'AppealPartlyGranted', data: { clause: 'spam' } },
    ]);
    const inPart = evolve(claimed, decideAppeal(claimed, partly('spam'), facts));
    expect(decideAppeal(inPart, partly('spam'), facts)).toEqual([]);
    expect(() => decideAppeal(inPart, partly('violent'), facts)).toThrow(code('appeal-decided'));
    expect(() => decideAppeal(claimed, partly('other'), facts)).toThrow(code('clause-unknown'));
    for (const wrong of [partly(), partly('violent'), decision({ clause: 'spam' })])
      expect(() => decideAppeal(claimed, wrong, facts)).toThrow(code('invalid-input'));
    const byHand = { ...facts, order: { accountId: 'acc-1', measure: 'suspend' as const, categories: [] } };
    expect(() => decideAppeal(claimed, partly('spam'), byHand)).toThrow(code('invalid-input'));
  });
});

it('is decided once, by the holder of the last claim, however two people claim, renew, release and decide', () => {
  const step = fc.record({
    act: fc.constantFrom('claim', 'renew', 'release', 'hand-over', 'deny', 'grant'),
    who: fc.constantFrom('rev-2', 'rev-3'),
    token: fc.integer({ min: 1, max: 3 }),
    waitMs: fc.constantFrom(0, LEASE_MS / 2, LEASE_MS),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      let state = open;
      let now = NOW;
      const decisions: AppealEvent[] = [];
      for (const { act, who, token, waitMs } of steps) {
        now += waitMs;
        const { claim: held, claims, reserved } = state;
        const use = { ...by(who, now), token };
        const attempt = (): AppealEvent[] => {
          if (act === 'claim') return claim(state, who, now);
          if (act === 'renew') return renewAppealClaim(state, { ...use, leaseMs: LEASE_MS });
          if (act === 'release') return releaseAppeal(state, use);
          if (act === 'hand-over') {
            const to = who === 'rev-2' ? 'rev-3' : 'rev-2';
            return handOverAppeal(state, { appealId, by: who, isLead: false, token, to, now }, { isHearer: true });
          }
          return decideAppeal(state, decision({ ...use, outcome: act === 'deny' ? 'denied' : 'granted' }), facts);
        };
        let events: AppealEvent[];
        try {
          events = attempt();
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
          continue;
        }
        for (const event of events) {
          // Nobody but the holder acts while the lease lasts, and nobody with an earlier token at any time.
          if (held && now < held.until) expect(who).toBe(held.reviewer);
          if (act === 'claim' && reserved && now < reserved.until) expect(who).toBe(reserved.reviewer);
          if (act === 'deny' || act === 'grant') decisions.push(event);
          if (act !== 'claim') expect(token).toBe(claims);
        }
        state = evolve(state, events);
        expect(state.claims).toBeGreaterThanOrEqual(claims);
      }
      expect(decisions.length).toBeLessThanOrEqual(1);
    }),
  );
});

it('is decided once the new round is, if a lead reopened the case while the appeal was filed', () => {
  expect(() => decideAppeal(claimed, decision(), { ...facts, isReopened: true })).toThrow(code('case-reopened'));
  expect(decideAppeal(claimed, decision(), { ...facts, isReopened: false })).toHaveLength(1);
});

it('is not decided once what it is against is undone, so that it never undoes the next confirmation', () => {
  const after = (since?: number, round = since) => decideAppeal(claimed, decision(), { ...facts, since, round });
  expect(() => after()).toThrow(code('decision-undone'));
  expect(() => after(3)).toThrow(code('decision-undone'));
  expect(after(1, 2)).toMatchObject([{ data: { round: 2 } }]);
  const byHand = evolve(appealStream.initial, [
    { ...filed, data: { ...filed.data, caseId: undefined } } as AppealEvent,
  ]);
  const held = evolve(byHand, claim(byHand, 'rev-2'));
  expect(decideAppeal(held, decision(), { ...facts, since: undefined })).toHaveLength(1);
});
