import { describe, expect, it } from '@jest/globals';
import { caseFile, CASE_ID as caseId, flag, LEASE_MS, NOW, vote } from '../../test/support/case-file.js';
import { type Case, caseStream } from './case.js';
import { claimCase } from './claim-decisions.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { type OpenCase, openCase } from './flag-decisions.js';
import { closeVerdicts, giveVerdict, withdrawVerdict } from './verdict-decisions.js';

const opened = (change?: Partial<OpenCase>) => caseFile().append(openCase(caseStream.initial, flag(change)));
const types = (events: readonly CaseEvent[]) => events.map((event) => event.type);
const refusal = (code: string) => expect.objectContaining({ code });
const dismissed = () => {
  const file = opened();
  return file.append(vote(file.state(), 'rev-1', 'safe'));
};
const confirmed = () => {
  const file = opened();
  return file.append(vote(file.state(), 'rev-1', 'unsafe'));
};

describe('a verdict', () => {
  it('decides at once on a panel of one', () => {
    expect(vote(opened().state(), 'rev-1', 'unsafe', { answerTimeMs: 2100, note: 'there' })).toEqual([
      {
        type: 'VerdictGiven',
        data: {
          caseId,
          reviewer: 'rev-1',
          verdict: 'unsafe',
          clause: 'violent',
          rationale: 'a wound',
          answerTimeMs: 2100,
          note: 'there',
        },
      },
      {
        type: 'ReviewConfirmed',
        data: {
          caseId,
          imageId: caseId,
          accountId: 'acc-1',
          categories: ['violent'],
          clause: 'violent',
          votes: { safe: 0, unsafe: 1, unsure: 0 },
          round: 1,
          reviewers: ['rev-1'],
        },
      },
    ]);
  });

  it('decides nothing if it is unsure: the case waits for another reviewer', () => {
    const file = opened({ panelSize: 2 });
    for (const [reviewer, verdict] of [
      ['rev-1', 'unsure'],
      ['rev-2', 'unsafe'],
      ['rev-3', 'unsure'],
    ] as const) {
      const events = vote(file.state(), reviewer, verdict);
      expect(types(events)).toEqual(['VerdictGiven']);
      file.append(events);
    }
    expect(vote(file.state(), 'rev-4', 'unsafe')).toMatchObject([
      { type: 'VerdictGiven' },
      { type: 'ReviewConfirmed', data: { votes: { safe: 0, unsafe: 2, unsure: 2 }, reviewers: ['rev-2', 'rev-4'] } },
    ]);
  });

  it('counts if it is unsure and an outside tool gave the panel: a strict majority of all verdicts confirms', () => {
    const file = opened();
    const given = { reviewerSource: '/tool', panelSize: 2 };
    file.append(vote(file.state(), 'x-1', 'unsafe', given));
    expect(types(vote(file.state(), 'x-2', 'unsure', given))).toEqual(['VerdictGiven', 'ReviewDismissed']);
  });

  it('dismisses a tie of a panel that an outside tool gave', () => {
    const file = opened();
    const given = { reviewerSource: '/tool', panelSize: 2 };
    file.append(vote(file.state(), 'x-1', 'unsafe', given));
    expect(types(vote(file.state(), 'x-2', 'safe', given))).toEqual(['VerdictGiven', 'ReviewDismissed']);
  });

  it('may set a larger panel size of its case', () => {
    const file = opened();
    for (const reviewer of ['r1', 'r2', 'r3', 'r4']) {
      const events = vote(file.state(), reviewer, 'unsafe', { reviewerSource: '/tool', panelSize: 5 });
      expect(types(events)).toEqual(['VerdictGiven']);
      file.append(events);
    }
    expect(types(vote(file.state(), 'r5', 'safe'))).toEqual(['VerdictGiven', 'ReviewConfirmed']);
  });

  it('is a no-op the second time, also once it has decided the case', () => {
    const file = opened({ panelSize: 3 });
    file.append(vote(file.state(), 'rev-1', 'safe'));
    expect(vote(file.state(), 'rev-1', 'safe')).toEqual([]);
    const decided = opened();
    decided.append(vote(decided.state(), 'rev-1', 'unsafe'));
    expect(vote(decided.state(), 'rev-1', 'unsafe')).toEqual([]);
  });

  it('is refused if it differs from the first, and on a case that others have decided: nothing is recorded then', () => {
    const file = opened({ panelSize: 3 });
    file.append(vote(file.state(), 'rev-1', 'model-problem'));
    expect(() => vote(file.state(), 'rev-1', 'unsafe')).toThrow(refusal('already-reviewed'));
    expect(() => vote(file.state(), 'rev-1', 'model-problem', { withhold: true })).toThrow(refusal('already-reviewed'));
    const decided = opened();
    decided.append(vote(decided.state(), 'rev-1', 'unsafe', { clause: 'violent' }));
    expect(() => vote(decided.state(), 'rev-1', 'unsafe', { clause: 'other' })).toThrow(refusal('already-reviewed'));
    for (const one of [confirmed(), dismissed()])
      expect(() => vote(one.state(), 'rev-2', 'safe')).toThrow(refusal('case-not-open'));
  });

  it('from outside is a no-op the second time, whatever it says, and on a decided case', () => {
    const outside = { reviewerSource: '/tool' };
    const file = opened({ panelSize: 3 });
    file.append(vote(file.state(), 'rev-1', 'safe', outside));
    expect(vote(file.state(), 'rev-1', 'unsafe', outside)).toEqual([]);
    expect(vote(confirmed().state(), 'rev-2', 'safe', outside)).toEqual([]);
    expect(vote(dismissed().state(), 'rev-2', 'unsafe', outside)).toEqual([]);
  });

  it('is refused on an unknown case and from a reviewer who flagged the image, first or later', () => {
    expect(() => vote(caseStream.initial, 'rev-1', 'safe')).toThrow(refusal('case-unknown'));
    expect(() => vote(opened().state(), 'acc-9', 'safe')).toThrow(refusal('own-flag'));
    const file = opened();
    file.append(openCase(file.state(), flag({ flagId: 'flag-2', flaggedBy: 'acc-8', position: 12 })));
    expect(() => vote(file.state(), 'acc-8', 'safe')).toThrow(refusal('own-flag'));
  });

  it('is refused from the owner of the image, whom its own record names rather than a flag', () => {
    expect(() => vote(opened().state(), 'acc-1', 'safe')).toThrow(refusal('own-image'));
    expect(() => vote(opened().state(), 'acc-2', 'safe', {}, { owner: 'acc-2' })).toThrow(refusal('own-image'));
    expect(types(vote(opened().state(), 'acc-1', 'safe', {}, { owner: 'acc-2' }))).toEqual([
      'VerdictGiven',
      'ReviewDismissed',
    ]);
  });

  it('decides against the account in the image’s own record, whatever a flag reported', () => {
    for (const [verdict, type] of [
      ['unsafe', 'ReviewConfirmed'],
      ['safe', 'ReviewDismissed'],
    ] as const) {
      const [, decision] = vote(opened().state(), 'rev-1', verdict, {}, { owner: 'acc-2' });
      expect(decision).toMatchObject({ type, data: { accountId: 'acc-2' } });
    }
  });

  it('can’t confirm a case whose image has no known owner', () => {
    const { state } = opened({ accountId: undefined });
    expect(() => vote(state(), 'rev-1', 'unsafe')).toThrow(refusal('image-owner-unknown'));
    expect(vote(state(), 'rev-1', 'unsafe', {}, { owner: 'acc-2' })[1]!.data).toMatchObject({ accountId: 'acc-2' });
    expect(types(vote(state(), 'rev-1', 'safe'))).toEqual(['VerdictGiven', 'ReviewDismissed']);
  });

  it('names a clause of the policy in force and a rationale if it is unsafe, and no clause otherwise', () => {
    const state = opened().state();
    const facts = { clauses: new Set(['hate']) };
    const fields = (more: object) => () => vote(state, 'rev-1', 'unsafe', more, facts);
    expect(fields({ clause: undefined, rationale: undefined })).toThrow(
      expect.objectContaining({
        errors: [{ field: '/clause' }, { field: '/rationale' }].map((one) => expect.objectContaining(one)),
      }),
    );
    expect(fields({})).toThrow(refusal('clause-unknown'));
    expect(types(fields({ clause: 'hate' })())).toEqual(['VerdictGiven', 'ReviewConfirmed']);
    // A policy without clauses.
    expect(types(vote(state, 'rev-1', 'unsafe', {}, { clauses: new Set() }))).toHaveLength(2);
    expect(() => vote(state, 'rev-1', 'safe', { clause: 'hate' })).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ field: '/clause' })] }),
    );
  });

  it('confirms the clause that most reviewers named; of equals the most severe', () => {
    const clauseAfter = (severities: Map<string, number>, ...clauses: string[]) => {
      const file = opened({ panelSize: clauses.length });
      for (const [n, clause] of clauses.entries())
        file.append(vote(file.state(), `rev-${n}`, 'unsafe', { clause }, { severities }));
      return file.log.at(-1)!.data;
    };
    const severities = new Map([
      ['gore', 1],
      ['hate', 3],
    ]);
    expect(clauseAfter(severities, 'gore', 'hate')).toMatchObject({ clause: 'hate' });
    expect(clauseAfter(severities, 'gore', 'hate', 'gore')).toMatchObject({ clause: 'gore' });
    expect(clauseAfter(new Map(), 'gore', 'hate')).toMatchObject({ clause: 'gore' });
  });

  it('of a majority that blames the model closes the case against nobody, and a new flag opens the next round', () => {
    const file = opened({ panelSize: 3 });
    for (const [reviewer, verdict] of [
      ['rev-1', 'model-problem'],
      ['rev-2', 'unsafe'],
      ['rev-3', 'model-problem'],
    ] as const)
      file.append(vote(file.state(), reviewer, verdict));
    expect(file.log.at(-1)).toMatchObject({
      type: 'ModelProblemFound',
      data: { votes: { safe: 0, unsafe: 1, unsure: 0, modelProblem: 2 }, round: 1, accountId: 'acc-1' },
    });
    expect(file.state().status).toBe('model-problem');
    const again = (change: object) => types(openCase(file.state(), flag({ flagId: 'f-2', position: 99, ...change })));
    expect(again({})).toEqual([]);
    expect(again({ flaggedBy: 'acc-7' })).toEqual(['CaseOpened']);
  });

  it('without a majority of one kind dismisses', () => {
    const file = opened({ panelSize: 3 });
    for (const [n, verdict] of (['model-problem', 'unsafe', 'safe'] as const).entries())
      file.append(vote(file.state(), `rev-${n}`, verdict));
    expect(file.state().status).toBe('dismissed');
  });

  it('needs the token of the last claim on the case', () => {
    const file = opened();
    const claim = (reviewer: string, now: number) =>
      file.append(claimCase(file.state(), { caseId, reviewer, isLead: false, now, leaseMs: LEASE_MS }, {}));
    const judge = (reviewer: string, token: number, now: number) =>
      giveVerdict(file.state(), { caseId, reviewer, verdict: 'safe', token, windowMs: 0, now }, {});
    expect(() => judge('rev-1', 1, NOW)).toThrow(refusal('claim-lost'));
    claim('rev-1', NOW);
    // The lease has ended, but nobody else has claimed the case.
    expect(types(judge('rev-1', 1, NOW + LEASE_MS))).toEqual(['VerdictGiven', 'ReviewDismissed']);
    claim('rev-2', NOW + LEASE_MS);
    claim('rev-1', NOW + 2 * LEASE_MS);
    for (const [reviewer, token] of [
      ['rev-1', 1],
      ['rev-2', 2],
      ['rev-2', 3],
    ] as const)
      expect(() => judge(reviewer, token, NOW)).toThrow(refusal('claim-lost'));
    expect(types(judge('rev-1', 3, NOW))).toHaveLength(2);
  });
});

describe('a verdict that can be taken back', () => {
  const WINDOW_MS = 30_000;
  const facts = {};
  const judged = (panelSize = 1) => {
    const file = opened({ panelSize });
    return file.append(vote(file.state(), 'rev-1', 'unsafe', { windowMs: WINDOW_MS }));
  };
  const close = (state: Case, now: number, more: CaseFacts = facts) => closeVerdicts(state, { caseId, now }, more);
  const withdraw = (state: Case, reviewer: string, now: number) => withdrawVerdict(state, { caseId, reviewer, now });

  it('decides the case when it no longer can', () => {
    const file = judged();
    expect(types(file.log)).toEqual(['CaseOpened', 'VerdictGiven']);
    expect(file.log.at(-1)!.data).toMatchObject({ finalAt: new Date(NOW + WINDOW_MS).toISOString() });
    expect(close(file.state(), NOW + WINDOW_MS - 1)).toEqual([]);
    const decision = close(file.state(), NOW + WINDOW_MS);
    expect(types(decision)).toEqual(['ReviewConfirmed']);
    expect(close(file.append(decision).state(), NOW + WINDOW_MS)).toEqual([]);
    expect(() => close(caseStream.initial, NOW)).toThrow(refusal('case-unknown'));
  });

  it('is decided with the flags of that moment, and not while one of its reviewers may not decide any more', () => {
    const file = judged();
    file.append(openCase(file.state(), flag({ flagId: 'f-2', flaggedBy: 'rev-1', position: 40 })));
    expect(close(file.state(), NOW + WINDOW_MS)).toEqual([]);
    const after = vote(file.state(), 'rev-2', 'safe', { windowMs: WINDOW_MS, now: NOW + WINDOW_MS });
    expect(types(after)).toEqual(['VerdictGiven']);
    expect(types(close(file.append(after).state(), NOW + 2 * WINDOW_MS))).toEqual(['ReviewDismissed']);
  });

  it('keeps others from claiming the case until then', () => {
    const claim = (state: Case) =>
      claimCase(state, { caseId, reviewer: 'rev-2', isLead: false, now: NOW, leaseMs: LEASE_MS }, facts);
    expect(() => claim(judged().state())).toThrow(refusal('awaiting-decision'));
    expect(types(claim(judged(2).state()))).toEqual(['CaseClaimed']);
  });

  it('is taken back by its reviewer only, and can be replaced after another claim', () => {
    const file = judged();
    expect(withdraw(file.state(), 'rev-2', NOW)).toEqual([]);
    file.append(withdraw(file.state(), 'rev-1', NOW + WINDOW_MS - 1));
    expect(file.log.at(-1)).toMatchObject({ type: 'VerdictWithdrawn', data: { reviewer: 'rev-1' } });
    expect(withdraw(file.state(), 'rev-1', NOW)).toEqual([]);
    expect(close(file.state(), NOW + WINDOW_MS)).toEqual([]);
    expect(types(vote(file.state(), 'rev-1', 'safe'))).toEqual(['VerdictGiven', 'ReviewDismissed']);
  });

  it('stays once it is final or has decided', () => {
    expect(() => withdraw(judged().state(), 'rev-1', NOW + WINDOW_MS)).toThrow(refusal('verdict-final'));
    expect(() => withdraw(confirmed().state(), 'rev-1', NOW)).toThrow(refusal('verdict-final'));
    const file = opened({ panelSize: 2 });
    file.append(vote(file.state(), 'rev-1', 'safe'));
    expect(() => withdraw(file.state(), 'rev-1', NOW)).toThrow(refusal('verdict-final'));
    expect(() => withdraw(caseStream.initial, 'rev-1', NOW)).toThrow(refusal('case-unknown'));
  });
});
