import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NOW, rate, rateWorld, set, terms } from '../../test/support/rate-world.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { GatehouseError } from '../kernel/errors.js';
import { advanceRamp, confirmStep, setRamp } from './change-ramp.js';
import { afterDue } from './change-rollout.js';
import type { RolloutEvent } from './events.js';
import { askedRate, type Evidence, moveGate } from './gate-move.js';
import { endRamp, type RampStep } from './ramp.js';
import { type Rollout, rolloutStream } from './rollout.js';

const START = Date.parse('2022-05-18T09:00:00Z');
const code = (value: string) => expect.objectContaining({ code: value });
const step = (perWeek: number, more: Partial<RampStep> = {}): RampStep => ({
  ...{ perWeek, afterDays: 7, mode: 'automatic', ...more },
});

/** Evidence that supports a higher rate. @param now epoch milliseconds */
const clean = (now: number): Evidence => ({
  counts: { exposures: 2_400_000, pending: 0, confirmed: 0 },
  accounts: [{ exposures: 20, violations: 0, accounts: 1_200_000 }],
  cohorts: [],
  figures: {
    ...{
      firstCaseAt: START,
      opened: 20,
      decided: 20,
      mostDecidedADay: 5_000,
      waiting: 2,
      people: 3_000,
      activePeople: 3_000,
    },
    ...{ deactivationSeconds: 3, arrived: 2_400_000, exposedInWeek: 14_000, lastExposureAt: now - 1_000 },
  },
  at: now,
  position: 900,
  positions: {},
});
const unclear = (now: number): Evidence => ({ ...clean(now), counts: { exposures: 100, pending: 0, confirmed: 0 } });
const backlog = (now: number): Evidence => ({ ...clean(now), figures: { ...clean(now).figures, waiting: 50_000 } });

/** A rollout, with what the watch of the gate does. */
function world() {
  const one = rateWorld(rate(1000));
  const apply = (events: readonly RolloutEvent[], by: string, now: number) => {
    for (const event of events) log.push({ event, before: state, at: now });
    state = events.reduce(
      (before, event, i) =>
        rolloutStream.evolve(before, event, {
          ...{ position: log.length - events.length + i + 2, time: toIso(now), source: '/spec' },
          actor: { kind: 'user', id: by },
        }),
      state,
    );
    return events;
  };
  let state: Rollout = one.state;
  const log: { event: RolloutEvent; before: Rollout; at: number }[] = [];
  const asking = (by: string, now: number) => ({ by, now, terms, newId: `p-${log.length}` });
  const look = (from: Rollout, evidence: Evidence, now: number, late: number) => {
    const moved = moveGate(from.gate, evidence, askedRate(from), late);
    return moved.length > 0 ? moved : advanceRamp(from, evidence, late, { now, terms });
  };
  return {
    get state() {
      return state;
    },
    log,
    look,
    ramp: (steps: RampStep[], by = 'olga', now = NOW) =>
      apply(setRamp(state, { steps, reason: 'a test' }, asking(by, now)), by, now),
    confirm: (perWeek: number, by: string, now = NOW, planId = state.ramp?.planId ?? 'none') =>
      apply(confirmStep(state, { planId, perWeek }, asking(by, now)), by, now),
    apply,
    asking,
    /** Two looks: the first may move the gate, the second makes the step. */
    watch: (evidence: Evidence, now = evidence.at, late = 0) =>
      [1, 2].flatMap(() => apply(look(state, evidence, now, late), 'gate', now)),
  };
}

const rates = (events: readonly RolloutEvent[]) =>
  events.flatMap(({ type, data }) => (type === 'OnboardingRateSet' ? [data.perWeek] : []));

describe('a ramp plan', () => {
  it('is set with its steps, once, and replaces the one before', () => {
    const one = world();
    expect(one.ramp([step(2000)])).toMatchObject([{ type: 'RampPlanSet', data: { steps: [step(2000)] } }]);
    expect(one.ramp([step(2000)])).toEqual([]);
    expect(one.ramp([step(1500)])).toMatchObject([
      { type: 'RampPlanEnded', data: { planId: 'p-0', how: 'replaced' } },
      { type: 'RampPlanSet', data: { planId: 'p-1' } },
    ]);
  });

  it('is refused without a rate, with steps that do not ascend, and with a step that one person may not make alone', () => {
    const asking = { by: 'olga', now: NOW, terms, newId: 'p-1' };
    const steps = [step(2000)];
    expect(() => setRamp(rolloutStream.initial, { steps, reason: 'a test' }, asking)).toThrow(code('rate-not-set'));
    expect(() => world().ramp([step(1000)])).toThrow(code('invalid-input'));
    expect(() => world().ramp([step(2000), step(2000)])).toThrow(code('invalid-input'));
    expect(() => world().ramp([step(2001)])).toThrow(code('confirmation-needed'));
    expect(() => world().ramp([step(2000), step(4000), step(5001)])).toThrow(code('approval-needed'));
    for (const perWeek of [2001, 5001]) {
      const refused = () => world().ramp(perWeek > 5000 ? [step(2000), step(4000), step(perWeek)] : [step(perWeek)]);
      expect(refused).toThrow(
        new RegExp(`; make it a step that an operator confirms \\(--step ${perWeek}:\\d+:confirmed\\)$`),
      );
    }
    expect(world().ramp([step(2000), step(4000), step(5001, { mode: 'confirmed' })])).toHaveLength(1);
  });

  it('makes a step once the gate supports it, after its days, and no other in the same stage', () => {
    const one = world();
    one.ramp([step(1500), step(2000)]);
    expect(rates(one.watch(clean(NOW + 7 * DAY_MS - 1)))).toEqual([]);
    const made = one.watch(clean(NOW + 7 * DAY_MS));
    expect(made).toMatchObject([
      {
        type: 'OnboardingRateSet',
        data: { perWeek: 1500, before: 1000, by: 'olga', ramp: { step: 0, exposures: 2_400_000 } },
      },
      { type: 'GateMoved', data: { stage: 2 } },
    ]);
    expect(rates(one.watch(clean(NOW + 14 * DAY_MS - 1)))).toEqual([]);
    expect(rates(one.watch(clean(NOW + 14 * DAY_MS)))).toEqual([2000]);
    expect(one.watch(clean(NOW + 40 * DAY_MS))).toHaveLength(0);
  });

  it('makes none while the evidence is unclear, traffic has stopped, views lack events, or more exposures are needed', () => {
    const now = NOW + 30 * DAY_MS;
    const silent = { ...clean(now), figures: { ...clean(now).figures, lastExposureAt: now - DAY_MS - 1 } };
    const made = (evidence: Evidence, late = 0, more: Partial<RampStep> = {}) => {
      const one = world();
      one.ramp([step(2000, { afterDays: 25, ...more })]);
      one.watch(clean(NOW + 20 * DAY_MS));
      expect(one.state.gate.move!.outcome).toBe('expand');
      return rates(one.watch(evidence, now, late));
    };
    expect(made(clean(now))).toEqual([2000]);
    expect(made(clean(now), 60)).toEqual([2000]);
    expect([made(unclear(now)), made(backlog(now)), made(silent), made(clean(now), 61)]).toEqual([[], [], [], []]);
    expect(made(clean(now), 0, { exposures: 2_400_001 })).toEqual([]);
    expect(made(clean(now), 0, { exposures: 2_400_000 })).toEqual([2000]);
  });

  it('waits while onboarding is paused and while two persons hold the rate, and ends with a change of the rate', () => {
    const now = NOW + 30 * DAY_MS;
    const started = () => {
      const one = world();
      one.ramp([step(2000)]);
      return one;
    };
    const paused = started();
    paused.apply([{ type: 'OnboardingPaused', data: { reason: 'a test' } }], 'olga', NOW);
    expect(rates(paused.watch(clean(now)))).toEqual([]);
    paused.apply([{ type: 'OnboardingResumed', data: {} }], 'olga', NOW);
    expect(rates(paused.watch(clean(now)))).toEqual([2000]);
    const held = started();
    const override = { overrideId: 'o-1', outcome: 'hold' as const, reason: 'a test', until: toIso(now + 1) };
    held.apply([{ type: 'GateOverrideApproved', data: { ...override, proposedBy: 'omar' } }], 'olga', NOW);
    expect(rates(held.watch(clean(now)))).toEqual([]);
    expect(rates(held.watch(clean(now + 1)))).toEqual([2000]);
    const changing = rateWorld(rate(1000), {
      type: 'RampPlanSet',
      data: { planId: 'p', steps: [step(2000)], reason: 'x' },
    });
    expect(changing.change(set(900))).toMatchObject([
      { type: 'OnboardingRateSet' },
      { type: 'RampPlanEnded', data: { planId: 'p', how: 'rate-changed' } },
    ]);
    expect(changing.state.ramp).toBeUndefined();
  });

  it('makes a confirmed step only with its confirmation, above the ceiling by another person', () => {
    const one = world();
    one.apply(rateEvents(4000), 'olga', NOW);
    one.ramp([step(6000, { mode: 'confirmed' })]);
    const now = NOW + 30 * DAY_MS;
    expect(rates(one.watch(clean(now)))).toEqual([]);
    expect(() => one.confirm(6000, 'olga')).toThrow(code('same-person'));
    expect(() => one.confirm(5000, 'omar')).toThrow(code('invalid-input'));
    expect(() => one.confirm(6000, 'omar', NOW, 'another')).toThrow(code('ramp-unknown'));
    expect(one.confirm(6000, 'omar')).toHaveLength(1);
    expect(one.confirm(6000, 'omar')).toEqual([]);
    expect(one.watch(clean(now))[0]).toMatchObject({ data: { perWeek: 6000, by: 'olga', approvedBy: 'omar' } });
  });

  it('is ended by an operator; a no-op without one', () => {
    const one = world();
    one.ramp([step(2000)]);
    expect(one.apply(endRamp(one.state, 'ended', 'a test'), 'olga', NOW)).toHaveLength(1);
    expect(endRamp(one.state, 'ended', 'a test')).toEqual([]);
    expect(rates(one.watch(clean(NOW + 30 * DAY_MS)))).toEqual([]);
  });
});

const rateEvents = (perWeek: number) => [rate(perWeek)];

describe('any history of ramp plans', () => {
  const person = fc.constantFrom('olga', 'omar');
  const given = fc.oneof(
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('ramp' as const), person, high: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('confirm' as const), person }) },
    {
      weight: 6,
      arbitrary: fc.record({
        ...{ kind: fc.constant('look' as const), late: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 61) },
        evidence: fc.constantFrom(clean, clean, clean, unclear, backlog),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('clock' as const), days: fc.integer({ min: -3, max: 12 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const), isPaused: fc.boolean() }) },
  );

  it('raises the rate by no more than plan, gate and approval allowed, and makes no step twice', () => {
    let raised = 0;
    let approved = 0;
    fc.assert(
      fc.property(fc.array(given, { minLength: 10, maxLength: 60, size: 'max' }), (history) => {
        const one = world();
        one.apply(rateEvents(2500), 'olga', NOW);
        let now = NOW;
        for (const what of history) {
          const { person: by = 'olga' } = what as { person?: string };
          try {
            if (what.kind === 'clock') now += what.days * DAY_MS;
            else if (what.kind === 'ramp') {
              const from = one.state.perWeek!;
              const mode = what.high || from * 1.5 > terms.ratePerWeekAlone ? 'confirmed' : 'automatic';
              one.ramp([step(from + 500, { mode }), step(from + 3000, { mode: 'confirmed' })], by, now);
            } else if (what.kind === 'confirm')
              one.confirm(one.state.ramp?.steps[one.state.ramp.made]?.perWeek ?? 1, by, now);
            else if (what.kind === 'pause')
              one.apply(
                [
                  what.isPaused
                    ? { type: 'OnboardingPaused', data: { reason: 'x' } }
                    : { type: 'OnboardingResumed', data: {} },
                ],
                by,
                now,
              );
            else {
              // Two schedulers: the second decides again on what the first has stored.
              const evidence = what.evidence(now);
              const events = one.apply(
                afterDue(one.state, { now, terms }, (s) => one.look(s, evidence, now, what.late)),
                'gate',
                now,
              );
              if (rates(events).length > 0) expect(rates(one.watch(evidence, now, what.late))).toEqual([]);
            }
          } catch (error) {
            if (!(error instanceof GatehouseError)) throw error;
          }
        }
        const made = new Set<string>();
        for (const { event, before, at } of one.log.slice(1)) {
          if (event.type !== 'OnboardingRateSet') continue;
          const { ramp: plan, gate, paused } = before;
          const { ramp, perWeek, approvedBy, by } = event.data;
          const next = plan!.steps[plan!.made]!;
          expect([ramp?.planId, ramp?.step, perWeek]).toEqual([plan!.planId, plan!.made, next.perWeek]);
          expect(at - Date.parse(plan!.since)).toBeGreaterThanOrEqual(next.afterDays * DAY_MS);
          expect([gate.move!.outcome, gate.move!.stage, paused]).toEqual(['expand', gate.stage!.ordinal, false]);
          if (next.mode === 'confirmed') expect(plan!.confirmedBy).toBeDefined();
          if (perWeek > terms.ratePerWeekAlone) {
            expect(approvedBy).toBeDefined();
            expect(approvedBy).not.toBe(by);
            approved += 1;
          }
          const key = `${ramp!.planId} ${ramp!.step}`;
          expect(made.has(key)).toBe(false);
          made.add(key);
          raised += 1;
        }
      }),
      { numRuns: 500, seed: 14 },
    );
    expect(raised).toBeGreaterThan(100);
    expect(approved).toBeGreaterThan(10);
  });
});
