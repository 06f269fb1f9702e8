import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { caseFile, CASE_ID as caseId, flag, LEASE_MS, NOW } from '../../test/support/case-file.js';
import { Refusal } from '../kernel/errors.js';
import type { Case, Verdict } from './case.js';
import type { CaseEvent } from './events.js';
import { claimCase, giveVerdict, openCase, releaseCase } from './review-decisions.js';

describe('a case under any commands', () => {
  const person = fc.constantFrom('p1', 'p2', 'p3', 'p4');
  const command = fc.oneof(
    fc.record({ kind: fc.constant('flag' as const), by: person, late: fc.boolean() }),
    fc.record({ kind: fc.constant('claim' as const), by: person }),
    fc.record({ kind: fc.constant('release' as const), by: person }),
    fc.record({
      kind: fc.constant('verdict' as const),
      by: person,
      verdict: fc.constantFrom<Verdict>('safe', 'unsafe', 'unsure'),
    }),
    fc.record({ kind: fc.constant('clock' as const), by: fc.constantFrom(LEASE_MS, 3_600_000, -3_600_000) }),
  );

  it('is decided once a round by distinct reviewers that did not flag it, and a claim is never granted over a live one', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (commands, panelSize) => {
        const file = caseFile();
        let now = NOW;
        for (const [i, one] of commands.entries()) {
          if (one.kind === 'clock') {
            now += one.by;
            continue;
          }
          const before = file.state();
          const events = attempt(before, one, i);
          if (events.some(({ type }) => type === 'CaseClaimed') && before.claim) {
            expect(before.claim.until).toBeLessThanOrEqual(now);
          }
          file.take(events);
        }
        check(file.log, panelSize);

        function attempt(
          state: Case,
          one: Exclude<(typeof commands)[number], { kind: 'clock' }>,
          i: number,
        ): CaseEvent[] {
          try {
            if (one.kind === 'flag') {
              const position = one.late ? (file.log.at(-1)?.position ?? 0) + 1 : 1;
              return openCase(state, flag({ flagId: `f${i}`, flaggedBy: one.by, position, panelSize }));
            }
            if (state.status === 'none') return [];
            if (one.kind === 'claim') return claimCase(state, { caseId, reviewer: one.by, now, leaseMs: LEASE_MS });
            if (one.kind === 'release') return releaseCase(state, { caseId, reviewer: one.by });
            return giveVerdict(state, { caseId, reviewer: one.by, verdict: one.verdict, now });
          } catch (error) {
            if (error instanceof Refusal) return [];
            throw error;
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  function check(log: readonly CaseEvent[], panelSize: number) {
    let round = 0;
    let flaggers = new Set<string>();
    let voters: string[] = [];
    let unsafe = 0;
    let isOpen = false;
    for (const { type, data } of log) {
      if (type === 'CaseOpened') {
        expect(isOpen).toBe(false);
        expect(data.round).toBe(++round);
        [flaggers, voters, unsafe, isOpen] = [new Set([data.flaggedBy]), [], 0, true];
        continue;
      }
      expect(isOpen).toBe(true);
      if (type === 'CaseJoined') flaggers.add(data.flaggedBy);
      if (type === 'VerdictGiven') {
        expect(voters).not.toContain(data.reviewer);
        expect(flaggers.has(data.reviewer)).toBe(false);
        voters.push(data.reviewer);
        if (data.verdict === 'unsafe') unsafe++;
      }
      if (type === 'ReviewConfirmed' || type === 'ReviewDismissed') {
        expect(voters).toHaveLength(panelSize);
        expect(type === 'ReviewConfirmed').toBe(unsafe * 2 > panelSize);
        isOpen = false;
      }
    }
    const confirmations = log.filter(({ type }) => type === 'ReviewConfirmed').length;
    expect(confirmations).toBeLessThanOrEqual(1);
    if (confirmations === 1) expect(log.at(-1)!.type).toBe('ReviewConfirmed');
  }
});
