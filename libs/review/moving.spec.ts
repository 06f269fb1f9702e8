import { describe, expect, it } from '@jest/globals';
import { caseFile, CASE_ID as caseId, flag, LEASE_MS, NOW, vote } from '../../test/support/case-file.js';
import { caseStream } from './case.js';
import { claimCase, escalateCase } from './claim-decisions.js';
import type { CaseFacts } from './conflict-of-interest.js';
import { openCase } from './flag-decisions.js';
import { NO_STANDING } from './priority.js';
import { reviewSettingsStream } from './queue-rules.js';
import { type MoveCase, moveCase, type RoutingFacts, routeCase } from './routing.js';

const facts: RoutingFacts & CaseFacts = {
  rules: {
    ...reviewSettingsStream.initial,
    queues: [{ id: 'default' }, { id: 'severe', panel: 3 }, { id: 'welsh' }],
    rules: [{ queue: 'severe', categories: ['abuse'] }],
    version: 1,
  },
  panelSize: 1,
  severities: new Map(),
  reach: 0,
  records: new Map(),
  standing: NO_STANDING,
};
const opened = (categories = ['violent']) => {
  const file = caseFile().append(openCase(caseStream.initial, flag({ categories })));
  return file.append(routeCase(file.state(), caseId, facts));
};
const claimed = () => {
  const file = opened();
  const claim = { caseId, reviewer: 'rev-1', isLead: false, now: NOW, leaseMs: LEASE_MS };
  return file.append(claimCase(file.state(), claim, facts));
};
const byLead = { caseId, queue: 'welsh', by: 'lead-1', isLead: true };
const move = (file: ReturnType<typeof opened>, change: Partial<MoveCase> = {}, by = facts) =>
  moveCase(file.state(), { ...byLead, ...change }, by);
const refusal = (code: string) => expect.objectContaining({ code });

describe('moving a case to a queue', () => {
  it('names who moved it, and ends the claim and the escalation', () => {
    const file = claimed();
    const events = move(file, { by: 'rev-1', isLead: false, token: 1, note: 'in Welsh' });
    expect(events).toEqual([{ type: 'CaseMoved', data: { caseId, queue: 'welsh', by: 'rev-1', note: 'in Welsh' } }]);
    expect(file.append(events).state()).toMatchObject({ status: 'open', route: { queue: 'welsh' } });
    expect(file.state().claim).toBeUndefined();
    file.append(escalateCase(file.state(), { caseId, by: 'lead-1', isLead: true }));
    expect(file.append(move(file)).state().isEscalated).toBe(false);
  });

  it('lasts for the round, whatever the rules say, unless the queue is gone', () => {
    const file = opened();
    file.append(move(file));
    file.append(openCase(file.state(), flag({ flaggedBy: 'acc-8', categories: ['abuse'] })));
    file.append(routeCase(file.state(), caseId, facts));
    expect(file.state().route).toMatchObject({ queue: 'welsh', isMoved: true });
    const rules = { ...facts.rules, queues: facts.rules.queues.filter(({ id }) => id !== 'welsh'), version: 2 };
    file.append(routeCase(file.state(), caseId, { ...facts, rules }));
    expect(file.state().route).toMatchObject({ queue: 'severe', isMoved: false });
  });

  it('is over when a new round begins', () => {
    const file = opened();
    file.append(move(file));
    file.append(vote(file.state(), 'rev-1', 'safe'));
    file.append(openCase(file.state(), flag({ flaggedBy: 'acc-8', categories: ['abuse'], position: 100 })));
    file.append(routeCase(file.state(), caseId, facts));
    expect(file.state()).toMatchObject({ round: 2, route: { queue: 'severe' } });
  });

  it('is a no-op if somebody moved it there and nobody has claimed it', () => {
    const file = opened();
    expect(move(file.append(move(file)))).toEqual([]);
    expect(move(file, { by: 'lead-2' })).toEqual([]);
  });

  it('is refused without the claim, for a closed case and for an unknown queue', () => {
    expect(() => move(claimed(), { by: 'rev-2', isLead: false, token: 1 })).toThrow(refusal('claim-lost'));
    expect(() => move(opened(), { by: 'rev-1', isLead: false })).toThrow(refusal('claim-lost'));
    expect(() => move(opened(), { queue: 'gone' })).toThrow(refusal('queue-unknown'));
    expect(() => move(opened(), {}, { ...facts, isCaseParked: true })).toThrow(refusal('case-parked'));
    const file = opened();
    expect(() => move(file.append(vote(file.state(), 'rev-1', 'safe')))).toThrow(refusal('case-not-open'));
  });
});

describe('the panel of a queue', () => {
  it('decides the cases in it, and the usual one those that leave it', () => {
    const file = opened(['abuse']);
    expect(file.state()).toMatchObject({ panelSize: 3, route: { queue: 'severe' } });
    file.append(vote(file.state(), 'rev-1', 'safe'));
    file.append(vote(file.state(), 'rev-2', 'safe'));
    expect(file.state().status).toBe('open');
    file.append(vote(file.state(), 'rev-3', 'unsafe'));
    expect(file.state().status).toBe('dismissed');
    const other = opened(['abuse']);
    expect(other.append(move(other)).state()).toMatchObject({ panelSize: 1, route: { queue: 'welsh' } });
  });

  it('is made smaller by no reviewer who moves the case, whatever follows, but by a lead', () => {
    const file = opened(['abuse']);
    file.append(
      claimCase(file.state(), { caseId, reviewer: 'rev-1', isLead: false, now: NOW, leaseMs: LEASE_MS }, facts),
    );
    file.append(move(file, { by: 'rev-1', isLead: false, token: 1 }));
    expect(file.state()).toMatchObject({ panelSize: 3, route: { queue: 'welsh' } });
    file.append(openCase(file.state(), flag({ flaggedBy: 'acc-8' })));
    const rules = { ...facts.rules, version: 2 };
    file.append(routeCase(file.state(), caseId, { ...facts, rules }));
    expect(file.state()).toMatchObject({ panelSize: 3, route: { queue: 'welsh', rulesVersion: 2 } });
    const byLeadAfter = move(file, { queue: 'default' }, { ...facts, rules });
    expect(file.append(byLeadAfter).state()).toMatchObject({ panelSize: 1 });
  });

  it('is made larger by a reviewer who moves the case', () => {
    const file = claimed();
    file.append(move(file, { by: 'rev-1', isLead: false, token: 1, queue: 'severe' }));
    expect(file.state()).toMatchObject({ panelSize: 3, route: { queue: 'severe' } });
  });

  it('stays once somebody has judged the case', () => {
    const file = opened(['abuse']);
    file.append(vote(file.state(), 'rev-1', 'safe'));
    expect(file.append(move(file)).state()).toMatchObject({ panelSize: 3, route: { queue: 'welsh' } });
  });

  it('changes for cases that nobody has judged when the queue gets another', () => {
    const file = opened(['abuse']);
    const queues = facts.rules.queues.map((one) => ({ ...one, panel: 2 }));
    const after = { ...facts, rules: { ...facts.rules, queues, version: 2 } };
    expect(file.append(routeCase(file.state(), caseId, after)).state().panelSize).toBe(2);
    expect(routeCase(file.state(), caseId, after)).toEqual([]);
  });
});
