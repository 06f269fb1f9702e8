import { describe, expect, it } from '@jest/globals';
import { caseFile, CASE_ID as caseId, flag, LEASE_MS, NOW, vote } from '../../test/support/case-file.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { type Case, caseStream } from './case.js';
import {
  type ClaimCase,
  claimCase,
  escalateCase,
  HANDOVER_MS,
  type HandOver,
  handOverCase,
  holdCase,
  MAX_HOLD_DAYS,
  releaseCase,
  renewClaim,
  reopenCase,
} from './claim-decisions.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { type OpenCase, openCase } from './flag-decisions.js';

const opened = (change?: Partial<OpenCase>) => caseFile().append(openCase(caseStream.initial, flag(change)));
const types = (events: readonly CaseEvent[]) => events.map((event) => event.type);
const refusal = (code: string) => expect.objectContaining({ code });
const invalid = (field: string) => expect.objectContaining({ errors: [expect.objectContaining({ field })] });
const claim = (state: Case, reviewer = 'rev-1', now = NOW, more: Partial<ClaimCase> = {}, facts: CaseFacts = {}) =>
  claimCase(state, { caseId, reviewer, isLead: false, now, leaseMs: LEASE_MS, ...more }, facts);
const claimed = (reviewer = 'rev-1', change: Partial<OpenCase> = {}) => {
  const file = opened(change);
  return file.append(claim(file.state(), reviewer));
};
const decided = (verdict: 'safe' | 'unsafe' | 'model-problem') => {
  const file = opened();
  return file.append(vote(file.state(), 'rev-1', verdict));
};
const use = { caseId, reviewer: 'rev-1', token: 1 };

describe('a claim', () => {
  it('lasts until the lease ends, and has the number of claims so far as its token', () => {
    const until = '2022-05-19T10:15:00.000Z';
    expect(claim(opened().state())).toEqual([
      { type: 'CaseClaimed', data: { caseId, reviewer: 'rev-1', until, token: 1 } },
    ]);
    expect(claim(claimed().state(), 'rev-2', NOW + LEASE_MS)).toMatchObject([{ data: { token: 2 } }]);
  });

  it('is a no-op while the reviewer holds the lease, and claims again after it has ended', () => {
    expect(claim(claimed().state())).toEqual([]);
    expect(types(claim(claimed().state(), 'rev-1', NOW + LEASE_MS))).toEqual(['CaseClaimed']);
  });

  it('is refused without the skill for the most severe cases, whatever hidden verdicts name', () => {
    const severities = new Map([
      ['minors', 3],
      ['violent', 2],
    ]);
    const facts = (...viewers: string[]) => ({ severities, severeViewers: new Set(viewers) });
    const severe = opened({ categories: ['violent', 'minors'] }).state();
    const by = (given: CaseFacts, isLead = false) => claim(severe, 'rev-1', NOW, { isLead }, given);
    for (const isLead of [true, false]) expect(() => by(facts(), isLead)).toThrow(refusal('severe-content'));
    expect(by(facts('rev-1'))).toMatchObject([{ type: 'CaseClaimed', data: { isSevere: true } }]);
    expect(types(claim(opened({ categories: ['violent'] }).state(), 'rev-1', NOW, {}, facts()))).toEqual([
      'CaseClaimed',
    ]);
    const file = opened({ categories: ['violent'], panelSize: 2 });
    file.append(vote(file.state(), 'rev-2', 'unsafe', { clause: 'minors' }));
    expect(types(claim(file.state(), 'rev-1', NOW, {}, facts()))).toEqual(['CaseClaimed']);
    const handOver: HandOver = { caseId, by: 'lead-1', isLead: true, to: 'rev-1', now: NOW };
    expect(() => handOverCase(severe, handOver, facts())).toThrow(refusal('severe-content'));
    expect(types(handOverCase(severe, handOver, facts('rev-1')))).toEqual(['CaseHandedOver']);
  });

  it('is for all if the policy lacks a category, or can’t be read, so that somebody notices', () => {
    const unknown = opened({ categories: ['unheard-of'] }).state();
    for (const severities of [new Map([['minors', 3]]), new Map<string, number>()]) {
      const facts = { severities, severeViewers: new Set<string>() };
      expect(claim(unknown, 'rev-1', NOW, {}, facts)).toMatchObject([{ data: { isSevere: false } }]);
      const handOver: HandOver = { caseId, by: 'lead-1', isLead: true, to: 'rev-1', now: NOW };
      expect(types(handOverCase(unknown, handOver, facts))).toEqual(['CaseHandedOver']);
    }
  });

  it('excludes other reviewers until the lease ends or is released', () => {
    const file = claimed();
    expect(() => claim(file.state(), 'rev-2', NOW + LEASE_MS - 1)).toThrow(refusal('case-claimed'));
    expect(types(claim(file.state(), 'rev-2', NOW + LEASE_MS))).toEqual(['CaseClaimed']);
    const release = releaseCase(file.state(), use);
    expect(types(release)).toEqual(['CaseReleased']);
    expect(claim(file.append(release).state(), 'rev-2')).toMatchObject([{ data: { token: 2 } }]);
  });

  it('of an earlier release, which has no token, counts as the next one', () => {
    const { state, append } = opened();
    const until = toIso(NOW + LEASE_MS);
    append([{ type: 'CaseClaimed', data: { caseId, reviewer: 'rev-1', until } }]);
    append([{ type: 'CaseClaimed', data: { caseId, reviewer: 'rev-2', until } }]);
    expect(state().claim).toMatchObject({ reviewer: 'rev-2', token: 2 });
  });

  it('does not exclude reviewers of an outside tool, and outlasts their verdicts', () => {
    const file = claimed('rev-1', { panelSize: 2 });
    file.append(vote(file.state(), 'x1', 'safe', { reviewerSource: '/tool' }));
    expect(file.state().claim?.reviewer).toBe('rev-1');
    expect(types(vote(file.state(), 'x2', 'safe', { reviewerSource: '/tool' }))).toEqual([
      'VerdictGiven',
      'ReviewDismissed',
    ]);
  });

  it('ends with the verdict of the reviewer who claimed', () => {
    const file = claimed('rev-1', { panelSize: 2 });
    file.append(vote(file.state(), 'rev-1', 'safe'));
    expect(types(claim(file.state(), 'rev-2'))).toEqual(['CaseClaimed']);
  });

  it('is released only by the reviewer who claimed, with its token', () => {
    expect(releaseCase(claimed().state(), { ...use, reviewer: 'rev-2' })).toEqual([]);
    expect(releaseCase(claimed().state(), { ...use, token: 2 })).toEqual([]);
    expect(releaseCase(opened().state(), use)).toEqual([]);
    expect(() => releaseCase(caseStream.initial, use)).toThrow(refusal('case-unknown'));
  });

  it('is refused for an unknown or decided case, on one’s own flag or image, and after one’s own verdict', () => {
    expect(() => claim(caseStream.initial)).toThrow(refusal('case-unknown'));
    expect(() => claim(decided('unsafe').state())).toThrow(refusal('case-not-open'));
    expect(() => claim(opened().state(), 'acc-9')).toThrow(refusal('own-flag'));
    expect(() => claim(opened().state(), 'acc-1')).toThrow(refusal('own-image'));
    const file = opened({ panelSize: 2 });
    expect(() => claim(file.append(vote(file.state(), 'rev-1', 'safe')).state())).toThrow(refusal('already-reviewed'));
  });
});

describe('renewing a claim', () => {
  const renew = (state: Case, now: number, change = {}) =>
    renewClaim(state, { ...use, now, leaseMs: LEASE_MS, ...change });

  it('extends it under the same token, once half of it is over', () => {
    const file = claimed();
    expect(renew(file.state(), NOW + LEASE_MS / 2 - 1)).toEqual([]);
    const now = NOW + LEASE_MS / 2;
    expect(renew(file.state(), now)).toEqual([
      { type: 'CaseClaimed', data: { caseId, reviewer: 'rev-1', until: toIso(now + LEASE_MS), token: 1 } },
    ]);
    file.append(renew(file.state(), now));
    expect(file.state()).toMatchObject({ claims: 1, claim: { token: 1, until: now + LEASE_MS } });
  });

  it('is possible after the lease has ended, until somebody else claims the case', () => {
    const file = claimed();
    const later = NOW + 2 * LEASE_MS;
    expect(types(renew(file.state(), later))).toEqual(['CaseClaimed']);
    file.append(claim(file.state(), 'rev-2', later));
    expect(() => renew(file.state(), later)).toThrow(refusal('claim-lost'));
    expect(() => renew(file.state(), later, { reviewer: 'rev-2' })).toThrow(refusal('claim-lost'));
  });

  it('is refused after a release, a verdict or on an unknown case', () => {
    const file = claimed();
    file.append(releaseCase(file.state(), use));
    expect(() => renew(file.state(), NOW)).toThrow(refusal('claim-lost'));
    expect(() => renew(decided('safe').state(), NOW)).toThrow(refusal('claim-lost'));
    expect(() => renew(caseStream.initial, NOW)).toThrow(refusal('case-unknown'));
  });
});

describe('holding a case', () => {
  const until = NOW + DAY_MS;
  const hold = (state: Case, change = {}) => holdCase(state, { ...use, until, now: NOW, ...change });

  it('ends the claim and keeps the case for the reviewer until then', () => {
    const file = claimed();
    const events = hold(file.state(), { note: 'asked' });
    expect(events).toEqual([
      { type: 'CaseHeld', data: { caseId, reviewer: 'rev-1', until: toIso(until), note: 'asked' } },
    ]);
    file.append(events);
    expect(hold(file.state())).toEqual([]);
    expect(() => claim(file.state(), 'rev-2', until - 1)).toThrow(refusal('case-reserved'));
    expect(types(claim(file.state(), 'rev-2', until))).toEqual(['CaseClaimed']);
    expect(types(claim(file.state(), 'rev-1'))).toEqual(['CaseClaimed']);
  });

  it('is refused without the claim, for the past, for too long and on an unknown case', () => {
    expect(() => hold(opened().state())).toThrow(refusal('claim-lost'));
    expect(() => hold(claimed('rev-2').state())).toThrow(refusal('claim-lost'));
    for (const wrong of [NOW, NOW + MAX_HOLD_DAYS * DAY_MS + 1])
      expect(() => hold(claimed().state(), { until: wrong })).toThrow(invalid('/until'));
    expect(() => hold(caseStream.initial)).toThrow(refusal('case-unknown'));
  });
});

describe('handing a case over', () => {
  const handOver = (state: Case, change: Partial<HandOver> = {}, facts: CaseFacts = {}) =>
    handOverCase(state, { caseId, by: 'rev-1', token: 1, isLead: false, to: 'rev-2', now: NOW, ...change }, facts);

  it('ends the claim and keeps the case for that reviewer for a day', () => {
    const file = claimed();
    const until = NOW + HANDOVER_MS;
    expect(handOver(file.state())).toEqual([
      { type: 'CaseHandedOver', data: { caseId, by: 'rev-1', reviewer: 'rev-2', until: toIso(until) } },
    ]);
    file.append(handOver(file.state()));
    expect(handOver(file.state())).toEqual([]);
    expect(() => claim(file.state(), 'rev-1', until - 1)).toThrow(refusal('case-reserved'));
    expect(types(claim(file.state(), 'rev-1', until))).toEqual(['CaseClaimed']);
    expect(types(claim(file.state(), 'rev-2'))).toEqual(['CaseClaimed']);
  });

  it('needs the claim, except of a lead, who may also take the case themselves', () => {
    expect(() => handOver(opened().state())).toThrow(refusal('claim-lost'));
    expect(() => handOver(claimed('rev-3').state())).toThrow(refusal('claim-lost'));
    const held = claimed();
    held.append(holdCase(held.state(), { ...use, until: NOW + DAY_MS, now: NOW }));
    expect(() => handOver(held.state(), { token: undefined as never })).toThrow(
      /is kept for rev-1.*claim it again first$/,
    );
    expect(() => handOver(claimed().state(), { to: 'rev-1' })).toThrow(invalid('/reviewer'));
    const lead: Partial<HandOver> = { by: 'lead', token: undefined as never, isLead: true };
    expect(types(handOver(claimed('rev-3').state(), lead))).toEqual(['CaseHandedOver']);
    expect(types(handOver(opened().state(), { ...lead, to: 'lead' }))).toEqual(['CaseHandedOver']);
  });

  it('is refused to somebody who may not review the case, and of a closed or unknown one', () => {
    expect(() => handOver(claimed().state(), { to: 'acc-9' })).toThrow(refusal('own-flag'));
    expect(() => handOver(claimed().state(), { to: 'acc-1' })).toThrow(refusal('own-image'));
    const file = opened({ panelSize: 2 });
    file.append(vote(file.state(), 'rev-2', 'safe'));
    file.append(claim(file.state()));
    // Who is still to judge may not know who has; a lead who does not review the case may.
    expect(() => handOver(file.state())).toThrow(refusal('reviewer-unsuitable'));
    const linked = { links: new Map([['rev-2', new Set(['acc-1'])]]) };
    expect(() => handOver(claimed().state(), {}, linked)).toThrow(refusal('reviewer-unsuitable'));
    const byLead = { caseId, by: 'lead', isLead: true, to: 'rev-2', now: NOW };
    expect(() => handOverCase(file.state(), byLead, {})).toThrow(refusal('already-reviewed'));
    expect(() => handOver(decided('safe').state())).toThrow(refusal('case-not-open'));
    expect(() => handOver(caseStream.initial)).toThrow(refusal('case-unknown'));
  });
});

describe('escalating a case', () => {
  const escalate = (state: Case, change = {}) =>
    escalateCase(state, { caseId, by: 'rev-1', token: 1, isLead: false, ...change });

  it('ends the claim, and only leads can claim the case', () => {
    const file = claimed();
    expect(escalate(file.state(), { note: 'unclear' })).toEqual([
      { type: 'CaseEscalated', data: { caseId, by: 'rev-1', note: 'unclear' } },
    ]);
    file.append(escalate(file.state()));
    expect(escalate(file.state())).toEqual([]);
    expect(() => claim(file.state(), 'rev-2')).toThrow(refusal('case-escalated'));
    expect(types(claim(file.state(), 'lead', NOW, { isLead: true }))).toEqual(['CaseClaimed']);
  });

  it('ends with the round, and when a lead hands the case over', () => {
    const file = claimed();
    file.append(escalate(file.state()));
    const handOver = { caseId, by: 'lead', isLead: true, to: 'rev-2', now: NOW };
    file.append(handOverCase(file.state(), handOver, {}));
    expect(types(claim(file.state(), 'rev-2'))).toEqual(['CaseClaimed']);
    file.append(vote(file.state(), 'rev-2', 'safe'));
    file.append(openCase(file.state(), flag({ flagId: 'f-2', flaggedBy: 'acc-7', position: 99 })));
    expect(file.state()).toMatchObject({ round: 2, isEscalated: false });
  });

  it('needs the claim, except of a lead, and an open case', () => {
    expect(() => escalate(opened().state())).toThrow(refusal('claim-lost'));
    expect(types(escalate(opened().state(), { isLead: true, token: undefined }))).toEqual(['CaseEscalated']);
    expect(() => escalate(decided('safe').state())).toThrow(refusal('case-not-open'));
    expect(() => escalate(caseStream.initial)).toThrow(refusal('case-unknown'));
  });
});

describe('reopening a case', () => {
  const reopen = (state: Case, isAppealOpen = false) =>
    reopenCase(state, { caseId, by: 'lead', reason: 'the clause changed', panelSize: 2 }, isAppealOpen);

  it.each(['safe', 'model-problem'] as const)(
    'of which the verdict was %s begins a round with its flags',
    (verdict) => {
      const file = decided(verdict);
      file.append(reopen(file.state()));
      expect(file.log.at(-1)).toMatchObject({ type: 'CaseReopened', data: { by: 'lead', round: 2, panelSize: 2 } });
      const state = file.state();
      expect(state).toMatchObject({ status: 'open', round: 2, panelSize: 2, verdicts: [], flags: 1 });
      expect([[...state.flaggers], [...state.categories]]).toEqual([['acc-9'], ['violent']]);
      expect(reopen(state)).toEqual([]);
      // The reviewer of the round before may judge again.
      expect(types(claim(state))).toEqual(['CaseClaimed']);
    },
  );

  it('is refused while an appeal against the confirmation is open, and for an unknown one', () => {
    expect(() => reopen(decided('unsafe').state(), true)).toThrow(refusal('appeal-open'));
    expect(types(reopen(decided('safe').state(), true))).toEqual(['CaseReopened']);
    expect(() => reopen(caseStream.initial)).toThrow(refusal('case-unknown'));
  });

  it('of a confirmed case leaves the confirmation in force until the new round decides', () => {
    const file = decided('unsafe');
    file.append(reopen(file.state()));
    expect(file.state()).toMatchObject({
      status: 'open',
      round: 2,
      inForce: { since: 1, round: 1, accountId: 'acc-1' },
    });
    expect(() => claim(file.state())).toThrow(refusal('own-decision'));
    expect(types(claim(file.state(), 'rev-2'))).toEqual(['CaseClaimed']);
  });
});
