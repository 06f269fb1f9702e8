import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CASE_ID, caseFile, flag } from '../../test/support/case-file.js';
import { fold } from '../kernel/decider.js';
import { type Case, caseStream } from './case.js';
import type { CaseEvent } from './events.js';
import { openCase } from './flag-decisions.js';
import { NO_STANDING, priorityParts } from './priority.js';
import { reviewSettingsStream } from './queue-rules.js';
import { type RoutingFacts, routeCase } from './routing.js';

const SEED = 20220518;
const OPENED = '2022-05-19T10:00:00.000Z';
const facts: RoutingFacts = {
  rules: {
    ...reviewSettingsStream.initial,
    queues: [{ id: 'default' }, { id: 'severe' }, { id: 'detected' }],
    rules: [
      { queue: 'severe', minSeverity: 3 },
      { queue: 'detected', sources: ['detector'], minConfidence: 0.9, categories: ['violent', 'hate'] },
    ],
    version: 2,
  },
  severities: new Map([
    ['violent', 1],
    ['abuse', 3],
  ]),
  panelSize: 1,
  reach: 0,
  records: new Map(),
  standing: NO_STANDING,
};

const opened = (change: Parameters<typeof flag>[0] = {}): Case =>
  fold(
    caseStream,
    openCase(caseStream.initial, flag(change)).map((event) => ({ ...event, metadata: { time: OPENED } })),
  );
const routed = (state: Case, by = facts) =>
  routeCase(state, CASE_ID, by)[0] as Extract<CaseEvent, { type: 'CaseRouted' }>;
const apply = (state: Case, events: CaseEvent[]) => fold(caseStream, events, state);

describe('the routing of a case', () => {
  it('follows the first rule whose conditions it all meets, or else the default', () => {
    const queueOf = (change: Parameters<typeof flag>[0]) => routed(opened(change)).data.queue;
    const detected = { flaggerKind: 'detector', confidence: 0.9, categories: ['hate'] } as const;
    expect(queueOf({ categories: ['violent', 'abuse'] })).toBe('severe');
    expect(queueOf(detected)).toBe('detected');
    expect(queueOf({ ...detected, categories: ['abuse', 'hate'] })).toBe('severe');
    for (const other of [{ flaggerKind: 'user' }, { confidence: 0.89 }, { categories: ['other'] }] as const)
      expect(queueOf({ ...detected, ...other })).toBe('default');
  });

  it('explains the priority, whose parts add up to it', () => {
    const { data } = routed(opened({ confidence: 0.5 }));
    expect(data.priority).toBe(data.parts.reduce((sum, { points }) => sum + points, 0));
    expect(data.parts.map(({ part, points, of }) => [part, points, of])).toEqual([
      ['severity', 15, 45],
      ['confidence', 8, 15],
      ['reach', 0, 20],
      ['flaggers', 0, 10],
      ['account', 0, 10],
    ]);
    expect(data.parts.every(({ because }) => because.length > 10)).toBe(true);
    expect(data).toMatchObject({ caseId: CASE_ID, rulesVersion: 2 });
  });

  it('is urgent for the severest clause, reach, reliable flaggers and an account with violations', () => {
    const worst = {
      ...facts,
      reach: 16,
      standing: { strikes: 2, measures: new Map([['suspension' as const, 1]]) },
      records: new Map([['acc-9', { decided: 1e6, confirmed: 1e6 }]]),
    };
    expect(routed(opened({ categories: ['abuse'], confidence: 1 }), worst).data.priority).toBe(100);
    const of = (change: Partial<RoutingFacts>) => routed(opened(), { ...facts, ...change }).data.priority;
    expect(of({ reach: 4 })).toBeGreaterThan(of({ reach: 1 }));
    expect(of({ standing: { strikes: 1, measures: new Map() } })).toBeGreaterThan(of({}));
    expect(of({ standing: { strikes: 0, measures: new Map([['deactivation', 1]]) } })).toBeGreaterThan(of({}));
    // One lucky flag counts for less than a long record with some mistakes.
    const lucky = new Map([['acc-9', { decided: 1, confirmed: 1 }]]);
    const known = new Map([['acc-9', { decided: 100, confirmed: 80 }]]);
    expect(of({ records: known })).toBeGreaterThan(of({ records: lucky }));
  });

  it('says which strikes and measures the account has', () => {
    const because = (standing: RoutingFacts['standing']) =>
      routed(opened(), { ...facts, standing }).data.parts.find(({ part }) => part === 'account');
    expect(because(NO_STANDING)).toMatchObject({ points: 0, because: expect.stringMatching(/^no strike in force/) });
    const measures = new Map([
      ['suspension', 1],
      ['deactivation', 2],
    ] as const);
    expect(because({ strikes: 1, measures })).toMatchObject({
      points: 10,
      because: '1 strike in force, 2 deactivations not undone, 1 suspension not undone',
    });
  });

  it('is a no-op if nothing has changed, if the case is closed, and if newer rules routed it', () => {
    const state = opened();
    const after = apply(state, [routed(state)]);
    expect(routeCase(after, CASE_ID, facts)).toEqual([]);
    const newer = apply(state, [
      { ...routed(state), data: { ...routed(state).data, queue: 'severe', rulesVersion: 3 } },
    ]);
    expect(routeCase(newer, CASE_ID, facts)).toEqual([]);
    expect(routeCase(caseStream.initial, CASE_ID, facts)).toEqual([]);
    expect(routeCase({ ...state, status: 'confirmed' }, CASE_ID, facts)).toEqual([]);
  });

  it('routes again when a flag makes the case more urgent', () => {
    const state = opened();
    const before = apply(state, [routed(state)]);
    const joined = apply(before, openCase(before, flag({ flaggedBy: 'acc-8', categories: ['abuse'] })));
    expect(routed(joined).data).toMatchObject({ queue: 'severe' });
    expect(routed(joined).data.priority).toBeGreaterThan(before.route!.priority);
    expect(Date.parse(routed(joined).data.dueAt)).toBeLessThan(before.route!.dueAt);
  });

  it('keeps the place of a reopened case relative to the begin of its round', () => {
    const state = opened();
    const before = apply(state, [routed(state)]);
    const data = { caseId: CASE_ID, by: 'lead', reason: 'why', round: 2, panelSize: 1 };
    const time = '2022-05-20T10:00:00.000Z';
    const again = fold(caseStream, [{ type: 'CaseReopened' as const, data, metadata: { time } }], before);
    expect(again.route!.dueAt - Date.parse(time)).toBe(before.route!.dueAt - Date.parse(OPENED));
  });

  it('never depends on the order of the flags of a round', () => {
    const one = fc.record({
      flaggedBy: fc.constantFrom('a', 'b', 'c'),
      categories: fc.subarray(['violent', 'abuse', 'other']),
      confidence: fc.constantFrom(undefined, 0, 0.3, 0.9, 1),
      flaggerKind: fc.constantFrom('user', 'detector', undefined),
    });
    const of = (flags: readonly Parameters<typeof flag>[0][]) => {
      const file = caseFile();
      for (const [n, change] of flags.entries())
        file.append(openCase(file.state(), flag({ ...change, flagId: `flag-${n}`, position: 100 + n })));
      return priorityParts(file.state(), facts).map(({ points }) => points);
    };
    fc.assert(
      fc.property(
        fc.uniqueArray(one, { minLength: 1, maxLength: 3, selector: ({ flaggedBy }) => flaggedBy }),
        (flags) => expect(of([...flags].reverse())).toEqual(of(flags)),
      ),
      { numRuns: 200, seed: SEED },
    );
  });
});
