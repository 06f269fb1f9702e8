import { describe, expect, it } from '@jest/globals';
import { caseFile, CASE_ID as caseId, flag, LEASE_MS, NOW } from '../../test/support/case-file.js';
import { type Case, caseStream, type Verdict } from './case.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import {
  claimCase,
  giveVerdict,
  importReviewConfirmed,
  MAX_FLAGS,
  type OpenCase,
  openCase,
  releaseCase,
} from './review-decisions.js';

const opened = (change?: Partial<OpenCase>) => caseFile().append(openCase(caseStream.initial, flag(change)));
const vote = (state: Case, reviewer: string, verdict: Verdict, more = {}, facts: CaseFacts = {}) =>
  giveVerdict(state, { caseId, reviewer, verdict, now: NOW, ...more }, facts);
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

  it('is a no-op if it is repeated or has neither a new flagger nor a new category', () => {
    expect(openCase(opened().state(), flag())).toEqual([]);
    expect(openCase(opened().state(), flag({ flagId: 'flag-2', position: 12 }))).toEqual([]);
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

describe('a claim', () => {
  const claim = (state: Case, reviewer = 'rev-1', now = NOW, facts: CaseFacts = {}) =>
    claimCase(state, { caseId, reviewer, now, leaseMs: LEASE_MS }, facts);
  const claimed = () => {
    const file = opened();
    return file.append(claim(file.state()));
  };

  it('lasts until the lease ends', () => {
    expect(claim(opened().state())).toEqual([
      { type: 'CaseClaimed', data: { caseId, reviewer: 'rev-1', until: '2022-05-19T10:15:00.000Z' } },
    ]);
  });

  it('is a no-op while the reviewer holds the lease, and claims again after it has ended', () => {
    expect(claim(claimed().state())).toEqual([]);
    expect(types(claim(claimed().state(), 'rev-1', NOW + LEASE_MS))).toEqual(['CaseClaimed']);
  });

  it('excludes other reviewers until the lease ends or is released', () => {
    const file = claimed();
    expect(() => claim(file.state(), 'rev-2', NOW + LEASE_MS - 1)).toThrow(refusal('case-claimed'));
    expect(() => vote(file.state(), 'rev-2', 'safe')).toThrow(refusal('case-claimed'));
    expect(types(claim(file.state(), 'rev-2', NOW + LEASE_MS))).toEqual(['CaseClaimed']);
    const release = releaseCase(file.state(), { caseId, reviewer: 'rev-1' });
    expect(types(release)).toEqual(['CaseReleased']);
    expect(types(claim(file.append(release).state(), 'rev-2'))).toEqual(['CaseClaimed']);
  });

  it('does not exclude reviewers of an outside tool, and outlasts their verdicts', () => {
    const file = opened({ panelSize: 2 });
    file.append(claim(file.state()));
    file.append(vote(file.state(), 'x1', 'safe', { reviewerSource: '/tool' }));
    expect(file.state().claim?.reviewer).toBe('rev-1');
    expect(types(vote(file.state(), 'x2', 'safe', { reviewerSource: '/tool' }))).toEqual([
      'VerdictGiven',
      'ReviewDismissed',
    ]);
  });

  it('ends with the verdict of the reviewer who claimed', () => {
    const file = opened({ panelSize: 2 });
    file.append(claim(file.state()));
    file.append(vote(file.state(), 'rev-1', 'safe'));
    expect(types(claim(file.state(), 'rev-2'))).toEqual(['CaseClaimed']);
  });

  it('is released only by the reviewer who claimed', () => {
    expect(releaseCase(claimed().state(), { caseId, reviewer: 'rev-2' })).toEqual([]);
    expect(releaseCase(opened().state(), { caseId, reviewer: 'rev-1' })).toEqual([]);
    expect(() => releaseCase(caseStream.initial, { caseId, reviewer: 'rev-1' })).toThrow(refusal('case-unknown'));
  });

  it('is refused for an unknown or decided case, on one’s own flag or image, and after one’s own verdict', () => {
    expect(() => claim(caseStream.initial)).toThrow(refusal('case-unknown'));
    expect(() => claim(confirmed().state())).toThrow(refusal('case-not-open'));
    expect(() => claim(opened().state(), 'acc-9')).toThrow(refusal('own-flag'));
    expect(() => claim(opened().state(), 'acc-1')).toThrow(refusal('own-image'));
    const file = opened({ panelSize: 2 });
    expect(() => claim(file.append(vote(file.state(), 'rev-1', 'safe')).state())).toThrow(refusal('already-reviewed'));
  });
});

describe('a verdict', () => {
  it('decides at once on a panel of one', () => {
    expect(vote(opened().state(), 'rev-1', 'unsafe', { answerTimeMs: 2100, note: 'there' })).toEqual([
      {
        type: 'VerdictGiven',
        data: { caseId, reviewer: 'rev-1', verdict: 'unsafe', answerTimeMs: 2100, note: 'there' },
      },
      {
        type: 'ReviewConfirmed',
        data: {
          caseId,
          imageId: caseId,
          accountId: 'acc-1',
          categories: ['violent'],
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

  it('dismisses a tie', () => {
    const file = opened({ panelSize: 2 });
    file.append(vote(file.state(), 'rev-1', 'unsafe'));
    expect(types(vote(file.state(), 'rev-2', 'safe'))).toEqual(['VerdictGiven', 'ReviewDismissed']);
  });

  it('may set a larger panel size of its case', () => {
    const file = opened();
    for (const reviewer of ['r1', 'r2', 'r3', 'r4']) {
      const events = vote(file.state(), reviewer, 'unsafe', { panelSize: 5 });
      expect(types(events)).toEqual(['VerdictGiven']);
      file.append(events);
    }
    expect(types(vote(file.state(), 'r5', 'safe'))).toEqual(['VerdictGiven', 'ReviewConfirmed']);
  });

  it('is a no-op the second time and on a decided case', () => {
    const file = opened({ panelSize: 3 });
    file.append(vote(file.state(), 'rev-1', 'safe'));
    expect(vote(file.state(), 'rev-1', 'unsafe')).toEqual([]);
    expect(vote(confirmed().state(), 'rev-2', 'safe')).toEqual([]);
    expect(vote(dismissed().state(), 'rev-2', 'unsafe')).toEqual([]);
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
});

describe('a confirmation from another system', () => {
  const confirm = (state: Case, change = {}, facts: CaseFacts = {}) =>
    importReviewConfirmed(state, { caseId, categories: ['hate'], reviewers: ['rev-x'], ...change }, facts);

  it('confirms an open case', () => {
    expect(confirm(opened().state())).toEqual([
      {
        type: 'ReviewConfirmed',
        data: {
          caseId,
          imageId: caseId,
          accountId: 'acc-1',
          categories: ['hate'],
          votes: { safe: 0, unsafe: 0, unsure: 0 },
          round: 1,
          reviewers: ['rev-x'],
        },
      },
    ]);
  });

  it('has the flags’ categories if it names none, and its own votes if it has any', () => {
    const votes = { safe: 1, unsafe: 2, unsure: 0 };
    const [event] = confirm(opened().state(), { categories: [], votes });
    expect(event!.data).toMatchObject({ categories: ['violent'], votes });
  });

  it('names its reviewers, none of whom flagged the image or owns it', () => {
    const state = opened().state();
    for (const reviewers of [undefined, []]) {
      expect(() => confirm(state, { reviewers })).toThrow(
        expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining('/data/reviewers') }),
      );
    }
    expect(() => confirm(state, { reviewers: ['rev-x', 'acc-9'] })).toThrow(refusal('own-flag'));
    expect(() => confirm(state, {}, { notedRounds: new Map([['rev-x', 1]]) })).toThrow(refusal('own-flag'));
    expect(() => confirm(state, {}, { owner: 'rev-x' })).toThrow(refusal('own-image'));
    const ownerless = opened({ accountId: undefined }).state();
    expect(() => confirm(ownerless, { accountId: 'rev-x' })).toThrow(refusal('own-image'));
  });

  it('is a no-op if the case is confirmed', () => {
    expect(confirm(confirmed().state(), { reviewers: undefined })).toEqual([]);
  });

  it('is refused for an unknown or dismissed case, and if the account is unknown', () => {
    expect(() => confirm(caseStream.initial)).toThrow(refusal('case-unknown'));
    expect(() => confirm(dismissed().state())).toThrow(refusal('case-dismissed'));
    expect(() => confirm(opened({ accountId: undefined }).state())).toThrow(refusal('image-owner-unknown'));
  });

  it('has the account of the image’s own record, else of a flag, else of its sender', () => {
    const sent = { accountId: 'acc-3' };
    const owners = [
      confirm(opened().state(), sent, { owner: 'acc-2' }),
      confirm(opened().state(), sent),
      confirm(opened({ accountId: undefined }).state(), sent),
    ].map(([event]) => event!.data);
    expect(owners).toMatchObject([{ accountId: 'acc-2' }, { accountId: 'acc-1' }, { accountId: 'acc-3' }]);
  });
});
