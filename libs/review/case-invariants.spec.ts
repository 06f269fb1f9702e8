import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { caseFile, CASE_ID as caseId, flag, LEASE_MS, NOW } from '../../test/support/case-file.js';
import { Refusal } from '../kernel/errors.js';
import type { Verdict } from './case.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { isUnseen, type NotedFlagger, notedFlaggerStream, noteFlagger } from './noted-flagger.js';
import { claimCase, giveVerdict, importReviewConfirmed, MAX_FLAGS, openCase, releaseCase } from './review-decisions.js';

const PEOPLE = ['p1', 'p2', 'p3', 'p4'] as const;
const person = fc.constantFrom(...PEOPLE);
const maybe = fc.option(person, { nil: undefined });
const command = fc.oneof(
  fc.record({ kind: fc.constant('flag' as const), by: person, late: fc.boolean(), says: maybe }),
  fc.record({ kind: fc.constant('claim' as const), by: person }),
  fc.record({ kind: fc.constant('release' as const), by: person }),
  fc.record({
    kind: fc.constant('verdict' as const),
    by: person,
    verdict: fc.constantFrom<Verdict>('safe', 'unsafe', 'unsure'),
    fromOutside: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('clock' as const), by: fc.constantFrom(LEASE_MS, 3_600_000, -3_600_000) }),
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/** A case with its noted flaggers, and an independent record of who flagged it. */
function reviewed(panelSize: number, owner: string | undefined) {
  const file = caseFile();
  const noted = new Map<string, NotedFlagger>();
  let now = NOW;
  const flaggers = new Set<string>();
  const factsOf = (): CaseFacts => ({
    owner,
    notedRounds: new Map([...noted].map(([person, { round }]) => [person, round])),
  });

  function applyFlag(n: number, flaggedBy: string, late: boolean, says?: string) {
    const position = late ? (file.log.at(-1)?.position ?? 0) + 1 : 1;
    const given = flag({ flagId: `f${n}`, flaggedBy, position, panelSize, accountId: owner ?? says });
    const events = openCase(file.state(), given);
    file.append(events);
    const state = file.state();
    flaggers.add(flaggedBy);
    if (!isUnseen(state, given)) return;
    const before = noted.get(flaggedBy) ?? notedFlaggerStream.initial;
    const data = { caseId, round: state.round, flagId: `f${n}`, flaggedBy };
    for (const event of noteFlagger(before, data)) {
      noted.set(
        flaggedBy,
        notedFlaggerStream.evolve(before, event, { position, time: '', actor: { kind: 'process', id: 'reactor' } }),
      );
    }
  }

  function decide(one: Exclude<Command, { kind: 'flag' | 'clock' }>): CaseEvent[] {
    const state = file.state();
    const { by } = one;
    try {
      if (one.kind === 'release') return releaseCase(state, { caseId, reviewer: by });
      if (one.kind === 'claim') return claimCase(state, { caseId, reviewer: by, now, leaseMs: LEASE_MS }, factsOf());
      const { verdict, fromOutside } = one;
      const outside = fromOutside ? { reviewerSource: '/tool' } : {};
      return giveVerdict(state, { caseId, reviewer: by, verdict, now, ...outside }, factsOf());
    } catch (error) {
      if (error instanceof Refusal) return [];
      throw error;
    }
  }

  /** Those of the round by people who may review the case now. */
  function votesWith(more: readonly CaseEvent[]) {
    const votes = { safe: 0, unsafe: 0, unsure: 0 };
    for (const { type, data } of [...file.log, ...more]) {
      if (type === 'CaseOpened') Object.assign(votes, { safe: 0, unsafe: 0, unsure: 0 });
      if (type !== 'VerdictGiven' || flaggers.has(data.reviewer) || data.reviewer === owner) continue;
      votes[data.verdict]++;
    }
    return votes;
  }

  function apply(one: Command, n: number) {
    if (one.kind === 'clock') now += one.by;
    else if (one.kind === 'flag') applyFlag(n, one.by, one.late, one.says);
    else if (file.state().status !== 'none') {
      const { claim } = file.state();
      const events = decide(one);
      for (const { type, data } of events) {
        if (type === 'ReviewConfirmed' || type === 'ReviewDismissed') expect(data.votes).toEqual(votesWith(events));
        if (type === 'CaseClaimed' && claim) expect(claim.until).toBeLessThanOrEqual(now);
        if (type !== 'CaseClaimed' && type !== 'VerdictGiven') continue;
        expect(flaggers).not.toContain(one.by);
        expect(one.by).not.toBe(owner);
      }
      file.append(events);
    }
  }
  return { file, apply, applyFlag };
}

describe('a case under any commands', () => {
  it('is decided once per round by distinct people who neither flagged nor made the image, and claims never overlap', () => {
    const crowd = fc.constantFrom(0, 0, 0, MAX_FLAGS - 1, MAX_FLAGS + 1);
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        maybe,
        crowd,
        (commands, panelSize, owner, flags) => {
          const { file, apply, applyFlag } = reviewed(panelSize, owner);
          for (let n = 0; n < flags; n++) applyFlag(-n, `stranger-${n}`, true, owner);
          for (const [n, one] of commands.entries()) apply(one, n);
          check(file.log, panelSize, owner);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is confirmed against the account in the image’s own record, whatever flags and senders report', () => {
    fc.assert(
      fc.property(maybe, maybe, maybe, fc.boolean(), (owner, says, sent, imported) => {
        const state = caseFile()
          .append(openCase(caseFile().state(), flag({ accountId: says })))
          .state();
        const decide = () =>
          imported
            ? importReviewConfirmed(state, { caseId, accountId: sent, categories: [], reviewers: ['rev'] }, { owner })
            : giveVerdict(state, { caseId, reviewer: 'rev', verdict: 'unsafe', now: NOW }, { owner });
        const expected = owner ?? says ?? (imported ? sent : undefined);
        if (expected === undefined) expect(decide).toThrow(expect.objectContaining({ code: 'image-owner-unknown' }));
        else expect(decide().at(-1)).toMatchObject({ type: 'ReviewConfirmed', data: { accountId: expected } });
      }),
    );
  });

  function check(log: readonly CaseEvent[], panelSize: number, owner: string | undefined) {
    let round = 0;
    let voters: string[] = [];
    let flags = 0;
    let isOpen = false;
    for (const { type, data } of log) {
      if (type === 'CaseOpened') {
        expect(isOpen).toBe(false);
        expect(data.round).toBe(++round);
        [voters, flags, isOpen] = [[], 1, true];
        continue;
      }
      if (type === 'CaseJoined' && isOpen) {
        flags++;
        continue;
      }
      expect([isOpen, flags <= MAX_FLAGS]).toEqual([true, true]);
      if (type === 'VerdictGiven') {
        const voter = `${data.reviewerSource ?? ''} ${data.reviewer}`;
        expect(voters).not.toContain(voter);
        voters.push(voter);
      }
      if (type === 'ReviewConfirmed' || type === 'ReviewDismissed') {
        const { safe, unsafe } = data.votes!;
        expect(safe + unsafe).toBe(panelSize);
        expect(type === 'ReviewConfirmed').toBe(unsafe * 2 > panelSize);
        if (owner) expect(data.accountId).toBe(owner);
        isOpen = false;
      }
    }
    expect(flags).toBeLessThanOrEqual(MAX_FLAGS);
    const confirmations = log.filter(({ type }) => type === 'ReviewConfirmed').length;
    expect(confirmations).toBeLessThanOrEqual(1);
    if (confirmations === 1) expect(log.at(-1)!.type).toBe('ReviewConfirmed');
  }
});
