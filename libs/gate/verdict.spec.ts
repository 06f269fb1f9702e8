import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { priorOfLimit } from './evidence.js';
import { lowestRate } from './harm-test.js';
import { openingExposures } from './opening-boundary.js';
import { type GateParameters, type OldFigure, type StageTotals, verdictOf } from './verdict.js';

const parameters: GateParameters = {
  limit: 0.0005,
  alpha: 0.05,
  lateShare: 0.05,
  recallLower: 1,
  isNearLimit: false,
  accountCap: 1,
};

const load = {
  ...{ supplyPerDay: 100, verdictsPerDay: 100, casesPerDay: 20, waiting: 10, people: 1_000, peopleAfter: 2_000 },
  ...{ activePeople: 1_000, casesPerDayAfter: 40, deactivationSeconds: 30 },
};

/** A first stage with clean accounts of 20 exposures each. */
const clean = (accounts: number): StageTotals => ({
  stage: 1,
  counts: { exposures: accounts * 20, pending: 0, confirmed: 0 },
  accounts: [{ exposures: 20, violations: 0, accounts }],
  cohorts: [{ ordinal: 1, exposures: accounts * 20, confirmed: 0 }],
  load,
  old: [],
  stopped: [],
});

const ENOUGH = 1_000;

describe('the verdict of the gate', () => {
  it('expands once both tests pass, nobody is harmed, reviewers keep up and nothing is missing', () => {
    const verdict = verdictOf(clean(ENOUGH), parameters);
    expect(verdict).toMatchObject({ outcome: 'expand', reasons: [] });
    expect(verdict.exposures).toMatchObject({ passes: true, n: 20_000, x: 0, alpha: 0.025, moreCleanExposures: 0 });
    expect(verdict.exposures.upper).toBeLessThan(0.0005 * 0.95);
    expect(verdict.accounts).toMatchObject({ passes: true, accounts: 1_000, exposures: 20_000, violations: 0, cap: 1 });
  });

  it('holds without evidence and says how many clean exposures would do', () => {
    const nothing = { ...clean(0), accounts: [], counts: { exposures: 0, pending: 0, confirmed: 0 } };
    const { outcome, reasons, exposures } = verdictOf(nothing, parameters);
    expect({ outcome, reasons }).toEqual({
      outcome: 'hold',
      reasons: ['exposures-insufficient', 'accounts-insufficient'],
    });
    const limit = 0.0005 * 0.95;
    const required = openingExposures(0, { limit, alpha: 0.025, prior: priorOfLimit(limit) });
    expect(exposures).toMatchObject({ requiredExposures: required, moreCleanExposures: required, upper: 1 });
  });

  it('holds if only one of the tests passes', () => {
    const clustered = { ...clean(ENOUGH), accounts: [{ exposures: 20, violations: 0, accounts: 10 }] };
    expect(verdictOf(clustered, parameters).reasons).toEqual(['accounts-insufficient']);
    const few = { ...clean(ENOUGH), counts: { exposures: 100, pending: 0, confirmed: 0 } };
    expect(verdictOf(few, parameters).reasons).toEqual(['exposures-insufficient']);
  });

  it('counts a flag that waits as a violation against a raise, but not as harm', () => {
    const pending = { ...clean(ENOUGH), counts: { exposures: 20_000, pending: 20, confirmed: 0 } };
    const { outcome, exposures } = verdictOf(pending, parameters);
    expect({ outcome, x: exposures.x }).toEqual({ outcome: 'hold', x: 20 });
    expect(exposures.moreCleanExposures).toBeNull();
  });

  it('brakes if a cohort shows harm by what is confirmed, each further cohort by more evidence', () => {
    const harmed = (ordinal: number) => ({ ...clean(ENOUGH), cohorts: [{ ordinal, exposures: 800, confirmed: 6 }] });
    expect(verdictOf(harmed(1), parameters)).toMatchObject({ outcome: 'brake', reasons: ['cohort-harm'] });
    expect(verdictOf(harmed(1), parameters).harm[0]).toMatchObject({ isHarm: true, ordinal: 1, confirmed: 6 });
    expect(lowestRate(verdictOf(harmed(1), parameters).harm[0]!, parameters)).toBeGreaterThan(0.0005);
    expect(verdictOf(harmed(100), parameters)).toMatchObject({ outcome: 'expand', reasons: [] });
  });

  it('brakes if more than three days of work wait, or if figures stopped', () => {
    const waiting = (waiting: number) => ({ ...clean(ENOUGH), load: { ...load, waiting } });
    expect(verdictOf(waiting(301), parameters)).toMatchObject({
      outcome: 'brake',
      reasons: ['backlog-too-long', 'backlog-over-a-day'],
    });
    expect(verdictOf(waiting(300), parameters)).toMatchObject({ outcome: 'hold', reasons: ['backlog-over-a-day'] });
    expect(verdictOf(waiting(100), parameters)).toMatchObject({ outcome: 'expand', reasons: [] });
    expect(verdictOf({ ...clean(ENOUGH), stopped: ['verdicts'] }, parameters)).toMatchObject({
      outcome: 'brake',
      reasons: ['figures-stopped'],
    });
  });

  it('holds if reviewers could not keep up after the raise, or if anything is missing', () => {
    const cases = (casesPerDayAfter: number | null) => ({ ...clean(ENOUGH), load: { ...load, casesPerDayAfter } });
    expect(verdictOf(cases(80.01), parameters).reasons).toEqual(['load-too-high']);
    expect(verdictOf(cases(80), parameters).reasons).toEqual([]);
    expect(verdictOf(cases(null), parameters)).toMatchObject({
      ...{ reasons: ['figures-missing'], missing: ['active-people'] },
    });
    expect(verdictOf({ ...clean(ENOUGH), old: ['views'] }, parameters)).toMatchObject({
      ...{ outcome: 'hold', reasons: ['figures-missing'], missing: ['views'] },
    });
  });

  it('holds and does not brake on the first days, before anybody knows what reviewers can do', () => {
    const early = { ...clean(0), accounts: [], load: { ...load, supplyPerDay: null, waiting: 5, people: 0 } };
    expect(verdictOf(early, parameters)).toMatchObject({ outcome: 'hold' });
    expect(verdictOf({ ...early, load: { ...early.load, supplyPerDay: 0 } }, parameters)).toMatchObject({
      outcome: 'brake',
    });
  });

  it('holds while an account has more violations than count of one, or if deactivations take over an hour', () => {
    const one = (violations: number) => ({
      ...clean(ENOUGH),
      accounts: [...clean(ENOUGH).accounts, { exposures: 20, violations, accounts: 1 }],
    });
    const cap = 3;
    expect(verdictOf(one(3), { ...parameters, accountCap: cap }).reasons).not.toContain('accounts-over-cap');
    expect(verdictOf(one(4), { ...parameters, accountCap: cap }).reasons).toContain('accounts-over-cap');
    const slow = (deactivationSeconds: number) => ({ ...clean(ENOUGH), load: { ...load, deactivationSeconds } });
    expect(verdictOf(slow(3_600), parameters).reasons).toEqual([]);
    expect(verdictOf(slow(3_601), parameters).reasons).toEqual(['deactivations-slow']);
  });

  it('brakes on while harm that was found before is not known to be over', () => {
    const before = { ...clean(ENOUGH), harmStage: 1 };
    expect(verdictOf(before, parameters)).toMatchObject({ outcome: 'brake', reasons: ['harm-before'] });
    const later = (exposures: number) => ({
      ...{ ...before, stage: 2, accounts: [] },
      counts: { exposures, pending: 0, confirmed: 0 },
    });
    expect(verdictOf(later(10_000), parameters).reasons).toContain('harm-before');
    expect(verdictOf(later(20_000), parameters)).toMatchObject({ outcome: 'hold', reasons: ['accounts-insufficient'] });
  });

  it('has the capacity that operators set', () => {
    const waiting = { ...clean(ENOUGH), load: { ...load, waiting: 150 } };
    expect(verdictOf(waiting, { ...parameters, mostWaitingDays: 2 }).reasons).toEqual([]);
    expect(verdictOf(waiting, { ...parameters, brakingDays: 1.4 }).outcome).toBe('brake');
    expect(verdictOf(clean(ENOUGH), { ...parameters, mostLoad: 0.3 }).reasons).toEqual(['load-too-high']);
  });

  it('requires more of a later stage, and never expands after the end of a plan', () => {
    const required = (stage: number, plannedStages?: number) =>
      verdictOf({ ...clean(ENOUGH), stage }, { ...parameters, ...(plannedStages && { plannedStages }) }).exposures
        .requiredExposures;
    expect(required(2)!).toBeGreaterThan(required(1)!);
    expect(required(4, 4)!).toBeLessThan(required(4)!);
    expect(required(5, 4)).toBeNull();
    const after = verdictOf({ ...clean(100_000), stage: 5 }, { ...parameters, plannedStages: 4 });
    expect(after).toMatchObject({ outcome: 'hold', exposures: { passes: false, moreCleanExposures: null, upper: 1 } });
    expect(after.accounts.passes).toBe(false);
  });

  it('opens near the limit sooner with the prior for that', () => {
    const near = { ...clean(ENOUGH), counts: { exposures: 400_000, pending: 0, confirmed: 0.8 * 0.000475 * 400_000 } };
    const [usual, forThat] = [false, true].map((isNearLimit) => verdictOf(near, { ...parameters, isNearLimit }));
    expect(forThat!.exposures.logE).toBeGreaterThan(usual!.exposures.logE);
  });

  it('agrees with a recomputation whatever the order of the totals, and says expand if and only if it has no reason', () => {
    const group = fc.record({ exposures: fc.nat(50), violations: fc.nat(3), accounts: fc.nat(500) });
    const cohort = fc.record({
      ordinal: fc.integer({ min: 1, max: 400 }),
      exposures: fc.nat(10_000),
      confirmed: fc.nat(9),
    });
    const totals = fc.record({
      stage: fc.integer({ min: 1, max: 30 }),
      counts: fc.record({
        exposures: fc.integer({ min: 50, max: 500_000 }),
        pending: fc.nat(20),
        confirmed: fc.nat(20),
      }),
      accounts: fc.array(group, { maxLength: 20 }),
      cohorts: fc.array(
        cohort.map((one) => ({ ...one, exposures: one.exposures + one.confirmed })),
        { maxLength: 4 },
      ),
      load: fc.record({
        supplyPerDay: fc.option(fc.nat(100), { nil: null }),
        verdictsPerDay: fc.constant(null),
        deactivationSeconds: fc.option(fc.nat(7_200), { nil: null }),
        casesPerDay: fc.nat(100),
        waiting: fc.nat(300),
        people: fc.nat(1_000),
        peopleAfter: fc.nat(2_000),
        activePeople: fc.nat(1_000),
        casesPerDayAfter: fc.option(fc.nat(200), { nil: null }),
      }),
      old: fc.constantFrom<OldFigure[][]>([], ['views']),
      stopped: fc.constantFrom<string[][]>([], ['verdicts']),
    });
    fc.assert(
      fc.property(totals, (totals) => {
        const verdict = verdictOf(totals, parameters);
        expect(verdictOf({ ...totals, accounts: [...totals.accounts].reverse() }, parameters)).toEqual(verdict);
        expect(verdict.outcome === 'expand').toBe(verdict.reasons.length === 0);
        expect(verdict.reasons.includes('figures-missing')).toBe(verdict.missing.length > 0);
        const { load } = totals;
        const worse = {
          waiting: load.waiting + 1,
          casesPerDayAfter: load.casesPerDayAfter && load.casesPerDayAfter + 1,
        };
        const { reasons } = verdictOf({ ...totals, load: { ...load, ...worse } }, parameters);
        expect(reasons).toEqual(expect.arrayContaining(verdict.reasons));
        if (verdict.outcome === 'expand')
          expect([verdict.exposures.passes, verdict.accounts.passes]).toEqual([true, true]);
        expect(verdict.exposures.passes).toBe(verdict.exposures.upper < verdict.exposures.limit);
      }),
    );
  });
});
