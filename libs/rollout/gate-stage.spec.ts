import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { alphaWithin } from '../gate/alpha-spending.js';
import type { RolloutEvent } from './events.js';
import {
  beginStage,
  changeDetector,
  changeModel,
  DEFAULT_SETTINGS,
  seeModel,
  setGateLimit,
  setGateParameters,
} from './gate-stage.js';
import { rolloutStream } from './rollout.js';

const rate = (perWeek: number): RolloutEvent => ({ type: 'OnboardingRateSet', data: { perWeek, daily: false } });
const limit = (limit: number): RolloutEvent => ({ type: 'GateLimitSet', data: { limit, reason: 'as published' } });
const { limit: _, ...usual } = DEFAULT_SETTINGS;
const parameters = (change: Partial<typeof usual> & { plannedStages?: number }): RolloutEvent => ({
  type: 'GateParametersSet',
  data: { ...usual, ...change, reason: 'measured' },
});
const model = (model: string): RolloutEvent => ({ type: 'ModelChanged', data: { model, reason: 'a better one' } });
const begun = (cause: 'policy-changed' | 'detector-changed' | 'ladder-changed'): RolloutEvent => ({
  type: 'GateStageBegun',
  data: { cause, what: '2', by: 'omar', reason: 'a better one' },
});
const seen = (model: string): RolloutEvent => ({ type: 'ModelSeen', data: { model, imageId: 'i-1' } });
const actor = { kind: 'user', id: 'olga' } as const;
/** After these events, whose positions are 1, 2, … */
const gate = (...events: RolloutEvent[]) =>
  events.reduce(
    (state, event, i) =>
      rolloutStream.evolve(state, event, { position: i + 1, time: '2022-05-18T09:00:00.000Z', actor, source: '/spec' }),
    rolloutStream.initial,
  ).gate;

describe('a stage of the gate', () => {
  it('begins with the first rate above 0, since without people there is no evidence', () => {
    expect(gate().stage).toBeUndefined();
    expect(gate(rate(0), limit(0.001), parameters({ alpha: 0.01 }), model('m-1')).stage).toBeUndefined();
    expect(gate(rate(0), rate(1000)).stage).toMatchObject({ ordinal: 1, cause: 'rate-raised' });
  });

  it('begins at every raise of the rate, and neither at a reduction nor when it is paused', () => {
    const paused: RolloutEvent = { type: 'OnboardingPaused', data: { reason: 'a test' } };
    const resumed: RolloutEvent = { type: 'OnboardingResumed', data: {} };
    expect(gate(rate(1000), rate(500), paused, resumed).stage).toMatchObject({ ordinal: 1 });
    expect(gate(rate(1000), rate(500), rate(501)).stage).toMatchObject({ ordinal: 2, cause: 'rate-raised' });
  });

  it.each([
    ['limit-set', limit(0.0002)],
    ['parameters-set', parameters({ labelDelayDays: 14 })],
    ['model-changed', model('m-2')],
    ['policy-changed', begun('policy-changed')],
    ['detector-changed', begun('detector-changed')],
    ['ladder-changed', begun('ladder-changed')],
  ])('begins with %s', (cause, event) => {
    expect(gate(rate(1000), event).stage).toMatchObject({ ordinal: 2, cause });
  });

  it('never restarts its count, and has the evidence since its last event only', () => {
    const events = fc.array(
      fc.oneof(
        fc.nat(3).map(rate),
        fc.constantFrom(0.0001, 0.0002).map(limit),
        fc.constantFrom(7, 9).map((labelDelayDays) => parameters({ labelDelayDays })),
        fc.constantFrom('m-1', 'm-2').map(model),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(events, (events) => {
        let before = gate().stage;
        for (let end = 1; end <= events.length; end++) {
          const { stage } = gate(...events.slice(0, end));
          const ordinal = before?.ordinal ?? 0;
          if (stage?.since === before?.since) expect(stage).toEqual(before);
          else expect([stage!.ordinal, stage!.since > (before?.since ?? -1)]).toEqual([ordinal + 1, true]);
          before = stage;
        }
      }),
    );
  });
});

describe('what stages spend of alpha', () => {
  const change = fc.oneof(
    fc.constant(model('m-1')),
    fc
      .option(fc.integer({ min: 1, max: 5 }), { nil: undefined })
      .map((plannedStages) => parameters(plannedStages === undefined ? {} : { plannedStages })),
  );
  const spentBy = (events: readonly RolloutEvent[]) =>
    events.map((_, i) => {
      const { settings, stage, alphaLeft } = gate(...events.slice(0, i + 1));
      return stage ? alphaWithin(settings.alpha, stage.ordinal, settings.plannedStages, alphaLeft) : 0;
    });

  it('adds up to at most alpha, however often a plan of stages is set and ended', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const sum = spentBy([rate(1000), ...changes]).reduce((sum, one) => sum + one, 0);
        expect(sum).toBeLessThanOrEqual(0.05 * (1 + 1e-6));
      }),
    );
  });

  it('is no less than the rule says as long as it stays the same', () => {
    const models = Array.from({ length: 9 }, () => model('m-1'));
    expect(spentBy([rate(1000), ...models])).toEqual([...Array(10)].map((_, i) => 0.05 / ((i + 1) * (i + 2))));
    const planned = spentBy([parameters({ plannedStages: 10 }), rate(1000), ...models, model('m-1')]);
    expect(planned).toEqual([0, ...Array(10).fill(0.005), 0]);
  });
});

describe('the limit of the gate', () => {
  it('is 0.05% times 30% unless it is set', () => {
    expect(gate().settings.limit).toBe(0.00015);
    expect(gate(limit(0.0002), parameters({ alpha: 0.01 })).settings).toMatchObject({ limit: 0.0002, alpha: 0.01 });
  });

  it('is set with a reason, and setting the same one is a no-op', () => {
    expect(setGateLimit(gate(), 0.0002, 'as published')).toEqual([limit(0.0002)]);
    expect(setGateLimit(gate(limit(0.0002)), 0.0002, 'another reason')).toEqual([]);
  });
});

describe('the parameters of the gate', () => {
  it('change as given and stay as they are otherwise', () => {
    const before = gate(parameters({ alpha: 0.01, plannedStages: 4 }));
    expect(setGateParameters(before, { accountCap: 1 }, 'measured')).toEqual([
      parameters({ alpha: 0.01, accountCap: 1, plannedStages: 4 }),
    ]);
    expect(setGateParameters(before, { plannedStages: null }, 'measured')).toEqual([parameters({ alpha: 0.01 })]);
    expect(gate(parameters({ plannedStages: 4 }), parameters({})).settings.plannedStages).toBeUndefined();
  });

  it('are a no-op if all of them are as they were', () => {
    const before = gate(parameters({ alpha: 0.01, plannedStages: 4 }));
    expect(setGateParameters(before, {}, 'measured')).toEqual([]);
    expect(setGateParameters(before, { alpha: 0.01, plannedStages: 4, labelDelayDays: 9 }, 'measured')).toEqual([]);
    expect(setGateParameters(gate(), { plannedStages: null }, 'measured')).toEqual([]);
  });
});

describe('a change of the model', () => {
  it('is recorded with a reason, and the same model again is a no-op', () => {
    expect(changeModel(gate(), 'm-1', 'a better one')).toEqual([model('m-1')]);
    expect(changeModel(gate(model('m-1')), 'm-1', 'once more')).toEqual([]);
    expect(changeModel(gate(model('m-1'), model('m-2')), 'm-1', 'a better one')).toEqual([model('m-1')]);
  });
});

describe('a model that an image names', () => {
  it('begins a stage if others are known, and none if it is the first of all', () => {
    const first = gate(rate(1000), seen('m-1'));
    expect(first).toMatchObject({ model: 'm-1', stage: { ordinal: 1 } });
    expect(gate(rate(1000), seen('m-1'), seen('m-2')).stage).toMatchObject({
      ...{ ordinal: 2, cause: 'model-changed', what: 'm-2', reason: 'image i-1 names it' },
    });
    expect(gate(rate(1000), model('m-1'), seen('m-2')).stage).toMatchObject({ ordinal: 3 });
  });

  it('is noted once, also if several models take turns', () => {
    const known = gate(seen('m-1'), seen('m-2'));
    expect(['m-1', 'm-2'].flatMap((name) => seeModel(known, name, 'i-9'))).toEqual([]);
    expect(seeModel(known, 'm-3', 'i-9')).toEqual(
      [seen('m-3')].map(({ type }) => ({ type, data: { model: 'm-3', imageId: 'i-9' } })),
    );
  });
});

describe('the labels that show how late they come', () => {
  it('are those since the first stage, or since an operator said last that a remedy is in force', () => {
    expect(gate(rate(0), limit(0.0002)).labelsSince).toBeUndefined();
    expect(gate(rate(0), rate(1), rate(2), limit(0.0002), parameters({ lateShare: 0.1 })).labelsSince).toBe(2);
    const remedies = [model('m-2'), begun('policy-changed'), begun('detector-changed'), begun('ladder-changed')];
    for (const remedy of remedies) expect(gate(rate(1), rate(2), remedy, rate(3)).labelsSince).toBe(3);
    expect(gate(rate(1), seen('m-1'), seen('m-2')).labelsSince).toBe(1);
  });
});

describe('what changed elsewhere', () => {
  it('begins no stage before there is one', () => {
    expect(beginStage(gate(), { cause: 'policy-changed', what: '2', reason: 'a test' })).toEqual([]);
    expect(beginStage(gate(rate(1)), { cause: 'policy-changed', what: '2', reason: 'a test' })).toHaveLength(1);
  });

  it('is said of a detector once', () => {
    const changed = gate(rate(1), begun('detector-changed'));
    expect(changeDetector(changed, '2', 'again')).toEqual([]);
    expect(changeDetector(changed, '3', 'again')).toMatchObject([{ data: { cause: 'detector-changed', what: '3' } }]);
  });

  it('is listed with who and why, oldest first', () => {
    expect(gate(rate(1000), limit(0.0002), begun('ladder-changed')).stages).toMatchObject([
      { ordinal: 1, cause: 'rate-raised', what: '1000 people a week', by: { id: 'olga' } },
      { ordinal: 2, cause: 'limit-set', what: '0.0002', by: { id: 'olga' }, reason: 'as published' },
      { ordinal: 3, cause: 'ladder-changed', what: '2', by: { id: 'omar' }, reason: 'a better one' },
    ]);
  });
});
