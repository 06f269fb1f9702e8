import { describe, expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../kernel/clock.js';
import type { RolloutEvent } from './events.js';
import { FRESH_SECONDS, MOST_LATE_SECONDS } from './gate-inputs.js';
import { type Evidence, moveGate, readGate } from './gate-move.js';
import { changeModel, setGateParameters } from './gate-stage.js';
import { type Rollout, rolloutStream } from './rollout.js';

const START = Date.parse('2022-05-18T09:00:00Z');
const NOW = START + 30 * DAY_MS;

let position = 0;
const applied = (from: Rollout, ...events: readonly RolloutEvent[]): Rollout =>
  events.reduce((state, event) => {
    position += 1;
    const place = { position, time: toIso(START), actor: { kind: 'user', id: 'olga' } as const, source: '/spec' };
    return rolloutStream.evolve(state, event, place);
  }, from);
const rate = (perWeek: number): RolloutEvent => ({ type: 'OnboardingRateSet', data: { perWeek, daily: false } });
const started = applied(rolloutStream.initial, rate(1000));

/** A stage that supports a higher rate. */
const clean: Evidence = {
  counts: { exposures: 240_000, pending: 0, confirmed: 0 },
  accounts: [{ exposures: 20, violations: 0, accounts: 12_000 }],
  cohorts: [],
  figures: {
    ...{
      firstCaseAt: START,
      opened: 20,
      decided: 20,
      mostDecidedADay: 50,
      waiting: 2,
      people: 3_000,
      activePeople: 3_000,
    },
    ...{ deactivationSeconds: 3, arrived: 240_000, exposedInWeek: 14_000, lastExposureAt: NOW - 1_000 },
  },
  at: NOW,
  position: 900,
  positions: { cases: [900, 900], 'safety-images': [900, 900] },
};
/** A stage that has just begun. */
const fresh: Evidence = { ...clean, counts: { exposures: 0, pending: 0, confirmed: 0 }, accounts: [] };
const harm = { cohortId: 'c-1', ordinal: 1, exposures: 1_000, confirmed: 20 };
const harmful: Evidence = { ...clean, counts: { ...clean.counts, confirmed: 20 }, cohorts: [harm] };
const waiting = (cases: number): Evidence => ({ ...clean, figures: { ...clean.figures, waiting: cases } });
/** The last exposure was so long ago. */
const last = (days: number): Evidence => ({
  ...clean,
  figures: { ...clean.figures, lastExposureAt: NOW - days * DAY_MS },
});
const move = (state: Rollout, evidence: Evidence, lateBySeconds = 0, isAdmission = false) =>
  moveGate(state.gate, evidence, 2000, lateBySeconds, isAdmission);
const after = (state: Rollout, evidence: Evidence) => applied(state, ...move(state, evidence));

describe('a move of the gate', () => {
  it('has the integers, the parameters and the position that it is decided by', () => {
    expect(move(started, clean)).toEqual([
      {
        type: 'GateMoved',
        data: expect.objectContaining({
          ...{ outcome: 'expand', reasons: [], stage: 1, since: 1, at: toIso(NOW), position: 900, perWeek: 2000 },
          parameters: started.gate.settings,
          exposures: expect.objectContaining({
            exposures: 240_000,
            pending: 0,
            confirmed: 0,
            arrived: 240_000,
            moreClean: 0,
          }),
          figures: expect.objectContaining({ waiting: 2, mostDecidedADay: 50, lateBySeconds: 0 }),
        }),
      },
    ]);
  });

  it('is stored once for the same outcome, stage and cause of a brake, whatever evidence is added', () => {
    const expanded = after(started, clean);
    expect(move(expanded, { ...clean, position: 1_000, counts: { ...clean.counts, exposures: 241_000 } })).toEqual([]);
    expect(move(expanded, waiting(60))).toMatchObject([{ data: { outcome: 'hold', before: 'expand' } }]);
    const braked = after(expanded, waiting(151));
    expect(move(braked, waiting(500))).toEqual([]);
    expect(move(braked, { ...harmful, figures: waiting(151).figures })).toHaveLength(1);
    expect(move(applied(expanded, rate(2000)), clean)).toMatchObject([{ data: { stage: 2, before: 'expand' } }]);
  });

  it('is none without a stage', () => {
    expect(move(rolloutStream.initial, clean)).toEqual([]);
  });

  it('before an admission is only what stops or frees admissions', () => {
    expect(move(started, clean, 0, true)).toEqual([]);
    expect(move(started, waiting(151), 0, true)).toMatchObject([{ data: { outcome: 'brake' } }]);
    expect(move(after(started, waiting(151)), clean, 0, true)).toMatchObject([{ data: { outcome: 'expand' } }]);
  });

  it('names the views of which a shard is further than its position', () => {
    const evidence = { ...clean, positions: { cases: [900, 905], 'safety-images': [900, 900] } };
    expect(move(started, evidence)).toMatchObject([{ data: { ahead: [{ view: 'cases', shards: [900, 905] }] } }]);
  });
});

describe('harm', () => {
  const braked = after(started, harmful);

  const knowing = applied(braked, { type: 'ModelSeen', data: { model: 'm-1', imageId: 'i-0' } });

  it('brakes by confirmed cases only: what waits is none', () => {
    expect(braked.gate.move).toMatchObject({ outcome: 'brake', reasons: expect.arrayContaining(['cohort-harm']) });
    const pending = { ...clean, counts: { ...clean.counts, pending: 20 } };
    expect(move(started, pending)).toMatchObject([{ data: { outcome: 'hold' } }]);
  });

  it.each<[string, RolloutEvent]>([
    ['a higher rate', rate(2000)],
    ['another limit', { type: 'GateLimitSet', data: { limit: 0.0003, reason: 'a test' } }],
    ['a model that an image names', { type: 'ModelSeen', data: { model: 'm-2', imageId: 'i-1' } }],
  ])('is not over because of %s, although that begins a stage', (_, event) => {
    const later = applied(knowing, event);
    expect(later.gate.stage!.ordinal).toBe(2);
    expect(move(later, fresh)).toMatchObject([{ data: { outcome: 'brake' } }]);
    expect(readGate(later.gate, fresh, 2000).verdict.reasons).toContain('harm-before');
  });

  it('is over once the evidence of a later stage shows a rate below the limit, and stays over', () => {
    const later = after(applied(braked, rate(2000)), fresh);
    expect(later.gate).toMatchObject({ harmStage: 1, move: { outcome: 'brake', stage: 2 } });
    const shown = { ...clean, accounts: [] };
    expect(move(later, shown)).toMatchObject([{ data: { outcome: 'hold', before: 'brake', isHarmKnown: true } }]);
    const over = after(later, shown);
    expect(over.gate.harmStage).toBeUndefined();
    expect(move(over, fresh)).toEqual([]);
    expect(move(over, harmful)).toMatchObject([{ data: { outcome: 'brake' } }]);
  });

  it('is not over by the evidence of a stage that only a model named by an image began', () => {
    const seen = applied(knowing, { type: 'ModelSeen', data: { model: 'm-2', imageId: 'i-1' } });
    expect(after(seen, { ...clean, accounts: [] }).gate.move).toMatchObject({
      outcome: 'brake',
      reasons: expect.arrayContaining(['harm-before']),
    });
  });

  it('is not over by what comes later in the stage that had it', () => {
    const falling = after(braked, clean);
    expect(falling.gate).toMatchObject({ harmStage: 1, move: { outcome: 'brake', reasons: ['harm-before'] } });
  });

  it('is over once an operator says that the model, which only images have named, is another', () => {
    const seen = applied(knowing, { type: 'ModelSeen', data: { model: 'm-2', imageId: 'i-1' } });
    const stated = changeModel(seen.gate, 'm-2', 'it was trained anew');
    expect(stated).toMatchObject([{ type: 'ModelChanged', data: { model: 'm-2' } }]);
    const over = applied(seen, ...stated);
    expect(over.gate.harmStage).toBeUndefined();
    expect(changeModel(over.gate, 'm-2', 'again')).toEqual([]);
  });

  it.each<[string, RolloutEvent]>([
    ['model', { type: 'ModelChanged', data: { model: 'm-2', reason: 'a test' } }],
    ['policy', { type: 'GateStageBegun', data: { cause: 'policy-changed', what: '2', reason: 'a test' } }],
    ['detector', { type: 'GateStageBegun', data: { cause: 'detector-changed', what: '2', reason: 'a test' } }],
    ['ladder', { type: 'GateStageBegun', data: { cause: 'ladder-changed', what: '2', reason: 'a test' } }],
  ])('is taken as over with another %s, if the evidence since then shows none', (_, event) => {
    const later = applied(braked, event);
    expect(move(later, clean)).toMatchObject([{ data: { outcome: 'expand', before: 'brake' } }]);
    expect(move(later, harmful)).toMatchObject([{ data: { outcome: 'brake' } }]);
  });
});

describe('figures that existed', () => {
  it('brake if no image was exposed for longer than the silence that is allowed', () => {
    expect(move(started, last(2))).toMatchObject([{ data: { outcome: 'hold', reasons: ['figures-missing'] } }]);
    expect(move(started, { ...last(2), at: NOW + 1 })).toMatchObject([
      { data: { outcome: 'brake', reasons: ['figures-stopped', 'figures-missing'] } },
    ]);
    const never = { ...clean, figures: { ...clean.figures, lastExposureAt: null } };
    expect(move(started, never)).toMatchObject([{ data: { outcome: 'expand' } }]);
  });

  it('brake if the views lack what was stored long ago', () => {
    expect(move(started, clean, MOST_LATE_SECONDS)).toMatchObject([{ data: { outcome: 'hold' } }]);
    expect(move(started, clean, MOST_LATE_SECONDS + 1)).toMatchObject([{ data: { outcome: 'brake' } }]);
  });
});

describe('a raise', () => {
  const having = (figures: Partial<Evidence['figures']>): Evidence => ({
    ...clean,
    figures: { ...clean.figures, ...figures },
  });
  const verdict = (evidence: Evidence, lateBySeconds = 0) =>
    readGate(started.gate, evidence, 2000, lateBySeconds).verdict;

  it('is held by the cases that active people make, and not by those of everybody who ever came in', () => {
    const cases = { opened: 280, decided: 280, people: 3_000 };
    expect(verdict(having({ ...cases, activePeople: 2_000 }))).toMatchObject({ outcome: 'expand' });
    expect(verdict(having({ ...cases, activePeople: 1_999 }))).toMatchObject({
      outcome: 'hold',
      reasons: ['load-too-high'],
    });
  });

  it('is held while an input is missing or too old, which the move names', () => {
    expect(verdict(clean, FRESH_SECONDS)).toMatchObject({ outcome: 'expand', missing: [] });
    expect(verdict(clean, FRESH_SECONDS + 1)).toMatchObject({ outcome: 'hold', missing: ['views'] });
    expect(verdict(last(1))).toMatchObject({ outcome: 'expand', missing: [] });
    expect(verdict({ ...last(1), at: NOW + 1 })).toMatchObject({ outcome: 'hold', missing: ['exposures'] });
    const nothing = having({ activePeople: 0, firstCaseAt: null });
    expect(verdict(nothing)).toMatchObject({ outcome: 'hold', missing: ['reviews', 'active-people'] });
    expect(move(started, nothing)).toMatchObject([
      { data: { missing: ['reviews', 'active-people'], figures: { activePeople: 0 } } },
    ]);
    expect(move(started, clean)[0]!.data).not.toHaveProperty('missing');
  });

  it('may wait longer for an exposure if operators allow a longer silence', () => {
    const { settings, ...gate } = started.gate;
    const allowing = { ...gate, settings: { ...settings, silenceDays: 10 } };
    expect(readGate(allowing, last(5), 2000).verdict).toMatchObject({ outcome: 'expand' });
    expect(readGate(allowing, { ...last(5), at: NOW + 1 }, 2000).verdict).toMatchObject({ missing: ['exposures'] });
  });

  it('is decided as an earlier release did by figures without active people', () => {
    const { activePeople: _, ...figures } = { ...last(2).figures, opened: 280, decided: 280, people: 2_000 };
    const earlier = { ...clean, figures };
    expect(move(started, earlier, MOST_LATE_SECONDS)).toMatchObject([{ data: { outcome: 'expand', reasons: [] } }]);
    expect(verdict({ ...earlier, figures: { ...figures, people: 1_999 } })).toMatchObject({
      reasons: ['load-too-high'],
    });
    const [held] = move(started, { ...earlier, figures: { ...figures, firstCaseAt: null } });
    expect(held).toMatchObject({ data: { reasons: ['figures-missing'] } });
    expect(held!.data).not.toHaveProperty('missing');
  });
});

describe('labels that come late', () => {
  const late = (count: number, violations = 41): Evidence => ({
    ...clean,
    late: { since: 1, violations, late: count },
  });

  it('hold a raise if more of them do than the share that is set, and the move has the counts', () => {
    expect(move(started, late(7))).toMatchObject([
      { data: { outcome: 'expand', late: { since: 1, violations: 41, late: 7 } } },
    ]);
    expect(move(started, late(8))).toMatchObject([
      { data: { outcome: 'hold', reasons: ['late-share-exceeded'], late: { violations: 41, late: 8 } } },
    ]);
  });

  it('hold no longer once operators set the least share that is named', () => {
    const { leastShare } = readGate(started.gate, late(20), 2000).verdict.late!;
    const setTo = (lateShare: number) => {
      const changes = setGateParameters(started.gate, { lateShare }, 'as measured');
      return readGate(applied(started, ...changes).gate, late(20), 2000).verdict.reasons;
    };
    expect(setTo(leastShare!)).not.toContain('late-share-exceeded');
    expect(setTo(leastShare! - 0.0001)).toContain('late-share-exceeded');
  });

  it('are no reason for a move of an earlier release, which did not count them', () => {
    const [moved] = move(started, clean);
    expect(moved).toMatchObject({ data: { outcome: 'expand' } });
    expect(moved!.data).not.toHaveProperty('late');
  });
});

describe('the end of a hold', () => {
  const early: Evidence = { ...clean, counts: { exposures: 1_000, pending: 0, confirmed: 0 } };
  const few = { ...early, figures: { ...early.figures, arrived: 1_000 } };

  it('is expected once the exposures that are wanted have come and are old enough', () => {
    const { verdict, expectedAt } = readGate(started.gate, few, 2000);
    const wanted = verdict.exposures.moreCleanExposures!;
    expect(expectedAt).toBe(Math.ceil(NOW + 9 * DAY_MS + (wanted / 14_000) * 7 * DAY_MS));
  });

  it('counts those that have come and are too young as wanted no more', () => {
    const young = { ...early, figures: { ...early.figures, arrived: 100_000 } };
    expect(readGate(started.gate, young, 2000).expectedAt).toBe(NOW + 9 * DAY_MS);
  });

  it('is that of the first accounts if only they are missing, and of nothing that time brings otherwise', () => {
    const soon: Evidence = { ...clean, accounts: [], at: START + 10 * DAY_MS };
    expect(readGate(started.gate, soon, 2000).expectedAt).toBe(START + 23 * DAY_MS);
    expect(readGate(started.gate, waiting(60), 2000)).toMatchObject({ verdict: { outcome: 'hold' } });
    expect(readGate(started.gate, waiting(60), 2000).expectedAt).toBeUndefined();
  });

  it('is not to be expected while the violation rate is at the limit, or nothing comes', () => {
    const atLimit = { ...few, counts: { exposures: 1_000, pending: 1, confirmed: 0 } };
    expect(readGate(started.gate, atLimit, 2000).expectedAt).toBeUndefined();
    const silent = { ...few, figures: { ...few.figures, exposedInWeek: 0 } };
    expect(readGate(started.gate, silent, 2000).expectedAt).toBeUndefined();
  });
});
