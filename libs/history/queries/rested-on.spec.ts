import { expect, it } from '@jest/globals';
import { ladderStream, targetsStream } from '../../enforcement/index.js';
import { DAY_MS } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { policyStream } from '../../policy/index.js';
import { rolloutStream } from '../../rollout/index.js';
import { switchesStream } from '../../switches/index.js';
import { plainState } from '../plain-state.js';
import { PartsRead } from './parts-read.js';
import { valuesInForce } from './rested-on.js';
import type { AnyStream } from './subject-states.js';

const START = Date.UTC(2022, 4, 18);

const stored = (stream: string, ...events: [type: string, data: Record<string, unknown>][]): RecordedEvent[] =>
  events.map(([type, data], revision) => {
    const time = new Date(START + revision * 60_000).toISOString();
    const actor = { kind: 'user' as const, id: `olga-${revision}`, role: 'operator' };
    const metadata = { source: '/gatehouse', subject: stream, schemaversion: 1, correlationid: `c-${revision}` };
    return {
      ...{ id: `e-${revision}`, type, data, stream, revision, position: revision + 1, recordedAt: time },
      metadata: { ...metadata, time, actor },
    };
  });

/** Of a state that was read as a whole. */
function shownOf(kind: AnyStream, stream: string, events: readonly RecordedEvent[]) {
  const parts = new PartsRead();
  plainState(parts.of(foldRecorded(kind, events)));
  return valuesInForce(kind, stream, events, parts.all);
}

const setters = (values: ReturnType<typeof shownOf>) =>
  Object.fromEntries(values.map(({ path, setBy }) => [path, setBy?.actor?.id]));

it('names the event that set each entry of a list, also where a later one copied the list', () => {
  const events = stored(
    'policy',
    ['ContentPolicyPublished', { version: '1' }],
    ['ContentPolicyPublished', { version: '2' }],
    ['ContentPolicyPublished', { version: '3' }],
    ['ContentPolicyWithdrawn', { version: '2', reason: 'a mistake' }],
  );
  const values = shownOf(policyStream, 'policy', events);
  expect(setters(values)).toEqual({
    '/versions': 'olga-2',
    '/versions/0': 'olga-0',
    '/versions/1': 'olga-3',
    '/versions/2': 'olga-2',
  });
  expect(values.find(({ path }) => path === '/versions/1')).toMatchObject({
    ...{ of: 'policy', value: { version: '2', withdrawn: true } },
    setBy: { position: '4', type: 'ContentPolicyWithdrawn', time: '2022-05-18T00:03:00.000Z' },
  });
});

it('names the event that set each entry of a state that is a map', () => {
  const suspended = (action: string): [string, Record<string, unknown>] => [
    'ActionSuspended',
    { action, reason: 'a test' },
  ];
  const values = shownOf(switchesStream, 'switches', stored('switches', suspended('generate'), suspended('share')));
  expect(setters(values)).toEqual({ '': 'olga-1', '/generate': 'olga-0', '/share': 'olga-1' });
});

it('shows of a map the entry that was read, also one that an event took away', () => {
  const target = { consequences: ['deactivate'], deadlineSeconds: 60, retrySeconds: 60, reason: 'a test' };
  const events = stored(
    'targets',
    ...['gallery', 'press', 'shop'].map((name): [string, Record<string, unknown>] => [
      'EnforcementTargetRegistered',
      { name, ...target },
    ]),
    ['EnforcementTargetRemoved', { name: 'shop', reason: 'it closed' }],
  );
  const parts = new PartsRead();
  const targets = parts.of(foldRecorded(targetsStream, events));
  expect([targets.byName.has('press'), targets.byName.has('shop')]).toEqual([true, false]);
  const values = valuesInForce(targetsStream, 'targets', events, parts.all);
  expect(setters(values)).toEqual({ '/byName/press': 'olga-1', '/byName/shop': 'olga-3' });
});

it('shows what nobody has set as the default', () => {
  expect(shownOf(ladderStream, 'ladder', [])).toEqual([{ of: 'ladder', path: '/versions', size: 0 }]);
});

it('shows of a long list what was set last, and of a long value only the event', () => {
  const clause = (n: number) => ({ id: `clause-${n}`, title: 'A clause', severity: 1, text: 'x'.repeat(200) });
  const versions = Array.from({ length: 40 }, (_, n): [string, Record<string, unknown>] => [
    'ContentPolicyPublished',
    { version: String(n), clauses: n === 39 ? Array.from({ length: 20 }, (__, c) => clause(c)) : [] },
  ]);
  const values = shownOf(policyStream, 'policy', stored('policy', ...versions));
  expect(values.length).toBeLessThan(20);
  expect(values[0]).toMatchObject({ path: '/versions', size: 40, setBy: { position: '40' } });
  expect(values[1]).toMatchObject({ path: '/versions/39', setBy: { position: '40' } });
  expect(values[1]).not.toHaveProperty('value');
  expect(values[2]).toMatchObject({ path: '/versions/38', value: { version: '38' } });
});

it('names nobody for a field that no event has set, whatever else the stream has', () => {
  const values = shownOf(rolloutStream, 'rollout', stored('rollout', ['OnboardingRateSet', { perWeek: 1000 }]));
  const { '/perWeek': rate, '/paused': paused, '/phase': phase } = setters(values);
  expect([rate, paused, phase]).toEqual(['olga-0', undefined, undefined]);
  expect(values.find(({ path }) => path === '/paused')).not.toHaveProperty('setBy');
});

it('knows an entry of a list by what it is, wherever others before it have gone', () => {
  const cohort = (n: number): [string, Record<string, unknown>][] => {
    const at = new Date(START + n * DAY_MS).toISOString();
    return [
      ['CohortAdmitted', { cohortId: `c-${n}`, size: 1, selection: 'first-come', perWeek: 9, at }],
      ['CohortClosed', { cohortId: `c-${n}`, people: 1, first: at, last: at }],
    ];
  };
  const admissions = Array.from({ length: 1_200 }, (_, n) => cohort(n)).flat();
  const events = stored('rollout', ['OnboardingRateSet', { perWeek: 9 }], ...admissions);
  const values = shownOf(rolloutStream, 'rollout', events);
  expect(values.some(({ path }) => path === '/cohorts/999')).toBe(true);
  expect(setters(values)['/perWeek']).toBe('olga-0');
  const cohorts = values.filter(({ path }) => path.startsWith('/cohorts/'));
  expect(cohorts.length).toBeGreaterThan(2);
  for (const { value, setBy } of cohorts) {
    const setter = events.find(({ position }) => String(position) === setBy?.position);
    expect((value as { cohortId: string }).cohortId).toBe(setter?.data.cohortId);
  }
});
