import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { caseFile, flag, NOW, vote } from '../../test/support/case-file.js';
import { hashOf } from '../kernel/ids.js';
import { caseStream, type Verdict } from './case.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { openCase } from './flag-decisions.js';
import { isInSample } from './further-review.js';
import { closeVerdicts } from './verdict-decisions.js';

const SEED = 20220518;
const sampled: CaseFacts = { furtherReview: { isSampled: true, deactivates: () => false } };
const onDeactivation: CaseFacts = {
  furtherReview: { isSampled: false, deactivates: (clause) => clause === 'violent' },
};
const opened = (panelSize = 1) => caseFile().append(openCase(caseStream.initial, flag({ panelSize })));
const types = (events: readonly CaseEvent[]) => events.map(({ type }) => type);
const required = (verdicts: number, because: string) =>
  expect.objectContaining({
    type: 'FurtherReviewRequired',
    data: { caseId: 'img-1', round: 1, verdicts, because },
  });

describe('a further review', () => {
  it('is required of a case in the sample once its only reviewer has judged it', () => {
    const file = opened();
    const first = vote(file.state(), 'rev-1', 'safe', {}, sampled);
    expect(first).toEqual([expect.objectContaining({ type: 'VerdictGiven' }), required(2, 'sample')]);
    file.append(first);
    expect(types(vote(file.state(), 'rev-2', 'safe', {}, sampled))).toEqual(['VerdictGiven', 'ReviewDismissed']);
  });

  it('goes to a third reviewer if two disagree, whose verdict decides', () => {
    const file = opened().append(vote(opened().state(), 'rev-1', 'safe', {}, sampled));
    const second = vote(file.state(), 'rev-2', 'unsafe', {}, sampled);
    expect(second.at(-1)).toEqual(required(3, 'disagreement'));
    file.append(second);
    expect(types(vote(file.state(), 'rev-3', 'unsafe', {}, sampled))).toEqual(['VerdictGiven', 'ReviewConfirmed']);
    expect(types(vote(file.state(), 'rev-3', 'safe', {}, sampled))).toEqual(['VerdictGiven', 'ReviewDismissed']);
    expect(types(vote(file.state(), 'rev-3', 'unsure', {}, sampled))).toEqual(['VerdictGiven']);
  });

  it('is required of a confirmation that would deactivate the account, and of no other verdict', () => {
    const last = (verdict: Verdict, more = {}) => vote(opened().state(), 'rev-1', verdict, more, onDeactivation).at(-1);
    expect(last('unsafe')).toEqual(required(2, 'deactivation'));
    expect(last('unsafe', { clause: 'other' })!.type).toBe('ReviewConfirmed');
    expect(last('safe')!.type).toBe('ReviewDismissed');
  });

  it('is required at once while the first verdict can be taken back, and stays required then', () => {
    const file = opened();
    file.append(vote(file.state(), 'rev-1', 'safe', { windowMs: 60_000 }, sampled));
    expect(file.state().verdictsNeeded).toBe(2);
    file.append([{ type: 'VerdictWithdrawn', data: { caseId: 'img-1', reviewer: 'rev-1' } }]);
    expect(types(vote(file.state(), 'rev-1', 'safe', {}, {}))).toEqual(['VerdictGiven']);
  });

  it('is not required without a setting, of a larger panel, or of outside reviewers', () => {
    expect(types(vote(opened().state(), 'rev-1', 'safe'))).toEqual(['VerdictGiven', 'ReviewDismissed']);
    const two = opened(2);
    two.append(vote(two.state(), 'rev-1', 'safe', {}, sampled));
    expect(types(vote(two.state(), 'rev-2', 'safe', {}, sampled))).toEqual(['VerdictGiven', 'ReviewDismissed']);
    const outside = { reviewerSource: '/tool' };
    expect(types(vote(opened().state(), 'x-1', 'safe', outside, sampled))).toEqual(['VerdictGiven', 'ReviewDismissed']);
  });

  it('is not ended by a verdict from outside that disagrees, nor by a panel that comes with it', () => {
    for (const panel of [{}, { panelSize: 2 }]) {
      const file = opened().append(vote(opened().state(), 'rev-1', 'unsafe', {}, sampled));
      const outside = vote(file.state(), 'x-1', 'safe', { reviewerSource: '/tool', ...panel }, sampled);
      expect(outside.at(-1)).toEqual(required(3, 'disagreement'));
      file.append(outside);
      expect(types(vote(file.state(), 'rev-2', 'unsafe', {}, sampled))).toEqual(['VerdictGiven', 'ReviewConfirmed']);
    }
    const larger = opened().append(vote(opened().state(), 'rev-1', 'unsafe', {}, sampled));
    const three = { reviewerSource: '/tool', panelSize: 3 };
    larger.append(vote(larger.state(), 'x-1', 'safe', three, sampled));
    expect(types(vote(larger.state(), 'x-2', 'safe', three, sampled))).toEqual(['VerdictGiven', 'ReviewDismissed']);
  });

  it('is required of a panel of an even size that is tied, and only then', () => {
    const judged = (...verdicts: Verdict[]) => {
      const file = opened(verdicts.length);
      for (const [n, verdict] of verdicts.entries()) file.append(vote(file.state(), `rev-${n}`, verdict));
      return file;
    };
    const tied = judged('unsafe', 'safe');
    expect(tied.log.at(-1)).toEqual(required(3, 'disagreement'));
    expect(tied.state()).toMatchObject({ status: 'open', panelSize: 2, verdictsNeeded: 3 });
    expect(types(vote(tied.state(), 'rev-3', 'unsafe'))).toEqual(['VerdictGiven', 'ReviewConfirmed']);
    expect(types(vote(tied.state(), 'rev-3', 'safe'))).toEqual(['VerdictGiven', 'ReviewDismissed']);
    expect(types(vote(tied.state(), 'rev-3', 'unsure'))).toEqual(['VerdictGiven']);
    expect(() => vote(tied.state(), 'acc-9', 'unsafe')).toThrow(expect.objectContaining({ code: 'own-flag' }));
    expect(vote(tied.state(), 'rev-1', 'safe')).toEqual([]);
    expect(judged('safe', 'unsafe', 'safe', 'unsafe').log.at(-1)).toEqual(required(5, 'disagreement'));
    expect(judged('safe', 'unsafe', 'model-problem', 'unsafe').log.at(-1)!.type).toBe('ReviewDismissed');
    expect(judged('unsafe', 'unsafe').log.at(-1)!.type).toBe('ReviewConfirmed');
    expect(judged('safe', 'unsafe', 'model-problem').log.at(-1)!.type).toBe('ReviewDismissed');
  });

  it('does not break the tie of a panel that an outside tool gave, but that of one that it did not', () => {
    const file = opened(2);
    for (const [n, verdict] of (['unsafe', 'safe'] as const).entries())
      file.append(vote(file.state(), `x-${n}`, verdict, { reviewerSource: '/tool', panelSize: 2 }));
    expect(file.log.at(-1)!.type).toBe('ReviewDismissed');
    const ours = opened(2);
    for (const [n, verdict] of (['unsafe', 'safe'] as const).entries())
      ours.append(vote(ours.state(), `x-${n}`, verdict, { reviewerSource: '/tool' }));
    expect(ours.log.at(-1)).toEqual(required(3, 'disagreement'));
  });

  it('never lets a tie decide a panel of ours, and asks for at most one verdict more', () => {
    const verdicts = fc.array(fc.constantFrom<Verdict>('safe', 'unsafe', 'unsure', 'model-problem'), { maxLength: 14 });
    fc.assert(
      fc.property(verdicts, fc.integer({ min: 1, max: 6 }), (given, panelSize) => {
        const file = opened(panelSize);
        const counted: Verdict[] = [];
        for (const [n, verdict] of given.entries()) {
          if (file.state().status !== 'open') break;
          file.append(vote(file.state(), `rev-${n}`, verdict));
          if (verdict !== 'unsure') counted.push(verdict);
        }
        const numbers = (of: readonly Verdict[]) =>
          ['safe', 'unsafe', 'model-problem']
            .map((kind) => of.filter((one) => one === kind).length)
            .sort((a, b) => b - a);
        const [most, second] = numbers(counted.slice(0, panelSize));
        const isTied = panelSize % 2 === 0 && most === second;
        const needed = isTied ? panelSize + 1 : panelSize;
        expect(file.state().status === 'open').toBe(counted.length < needed);
        expect(counted.length).toBeLessThanOrEqual(needed);
        const asked = file.log.filter(({ type }) => type === 'FurtherReviewRequired').length;
        expect(asked).toBe(isTied && counted.length >= panelSize ? 1 : 0);
      }),
      { numRuns: 500, seed: SEED },
    );
  });

  it('is required before the decision if only by then it would deactivate the account', () => {
    const windowMs = 60_000;
    const file = opened();
    file.append(vote(file.state(), 'rev-1', 'unsafe', { windowMs }, {}));
    const close = (now: number, facts: CaseFacts) => closeVerdicts(file.state(), { caseId: 'img-1', now }, facts);
    expect(close(NOW + windowMs, onDeactivation)).toEqual([required(2, 'deactivation')]);
    expect(types(close(NOW + windowMs, {}))).toEqual(['ReviewConfirmed']);
  });

  it('never leaves the decision on a sampled case to one reviewer, nor to more than three', () => {
    const verdicts = fc.array(fc.constantFrom<Verdict>('safe', 'unsafe', 'unsure', 'model-problem'), { maxLength: 6 });
    fc.assert(
      fc.property(verdicts, (given) => {
        const file = opened();
        const counted: Verdict[] = [];
        for (const [n, verdict] of given.entries()) {
          if (file.state().status !== 'open') break;
          file.append(vote(file.state(), `rev-${n}`, verdict, {}, sampled));
          if (verdict !== 'unsure') counted.push(verdict);
        }
        const isOpen = file.state().status === 'open';
        if (counted.length < 2) expect(isOpen).toBe(true);
        else if (counted.length === 2) expect(isOpen).toBe(counted[0] !== counted[1]);
        else expect([isOpen, counted.length]).toEqual([false, 3]);
      }),
      { numRuns: 300, seed: SEED },
    );
  });
});

describe('the sample', () => {
  const hashes = Array.from({ length: 4_000 }, (_, n) => Buffer.from(hashOf(String(n)), 'base64url').toString('hex'));

  it('has as many cases as the share says, and with a larger share all of those before', () => {
    const sizeOf = (percent: number) => hashes.filter((hash) => isInSample(hash, percent)).length / hashes.length;
    expect([sizeOf(0), sizeOf(100)]).toEqual([0, 1]);
    expect(sizeOf(5)).toBeCloseTo(0.05, 2);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), (one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        expect(hashes.every((hash) => !isInSample(hash, less) || isInSample(hash, more))).toBe(true);
      }),
      { numRuns: 50, seed: SEED },
    );
  });
});
