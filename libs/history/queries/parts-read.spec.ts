import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sortedJson } from '../../kernel/canonical-json.js';
import { plainState } from '../plain-state.js';
import { isCollection, type PartRead, PartsRead } from './parts-read.js';

interface State {
  rate?: number;
  versions: readonly { name: string; isOver: boolean }[];
  skills: ReadonlySet<string>;
  viewers: ReadonlyMap<string, number>;
  plan: { daily: boolean; steps: readonly number[]; note?: string };
  claim?: { by: string; until?: number };
}

const read = (look: (state: State) => unknown, state: State): readonly PartRead[] => {
  const parts = new PartsRead();
  plainState(look(parts.of(state)));
  return parts.all;
};
const paths = (look: (state: State) => unknown, state: State) =>
  Object.fromEntries(
    read(look, state).map(({ names, entries, isSized }) => [
      names.join('/'),
      [...entries, ...(isSized ? ['size'] : [])],
    ]),
  );

const name = fc.constantFrom('a', 'b', 'c');
const optional = <Value>(one: fc.Arbitrary<Value>) => fc.option(one, { nil: undefined });
const version = fc.record({ name, isOver: fc.boolean() });
const defined = <Given extends object>(given: Given) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
const states: fc.Arbitrary<State> = fc
  .record({
    rate: optional(fc.nat(3)),
    versions: fc.array(version, { maxLength: 4 }),
    // In the order of the keys, since the order of entries is no part that is noted.
    skills: fc.subarray(['a', 'b', 'c']).map((all) => new Set(all)),
    viewers: fc
      .subarray(['a', 'b', 'c'])
      .chain((keys) => fc.tuple(...keys.map((key) => fc.tuple(fc.constant(key), fc.nat(2)))))
      .map((all) => new Map(all)),
    plan: fc
      .record({ daily: fc.boolean(), steps: fc.array(fc.nat(2), { maxLength: 3 }), note: optional(name) })
      .map(defined),
    claim: optional(fc.record({ by: name, until: optional(fc.nat(2)) }).map(defined)),
  })
  .map((one) => defined(one) as State);

/** What decisions do with a state, of which each rests on a part of it only. */
const LOOKS: readonly ((state: State) => unknown)[] = [
  ({ rate }) => rate ?? 'none',
  ({ claim }) => claim !== undefined,
  ({ claim }) => claim?.until,
  (state) => 'claim' in state,
  (state) => Object.keys(state).sort(),
  ({ plan }) => ({ ...plan }),
  ({ plan: { steps } }) => steps.length,
  ({ plan: { steps } }) => steps.at(-1),
  ({ plan: { steps } }) => steps[1],
  ({ plan: { steps } }) => steps.slice(-2),
  ({ plan: { steps } }) => steps.includes(1),
  ({ plan: { steps } }) => Math.max(0, ...steps),
  ({ versions }) => versions.find(({ isOver }) => !isOver),
  ({ versions }) => versions.findLast(({ isOver }) => isOver)?.name,
  ({ versions }) => versions.findIndex((one) => one.name === 'b'),
  ({ versions }) => versions.some((one) => one.name === 'c'),
  ({ versions }) => versions.every(({ isOver }) => isOver),
  ({ versions }) => versions.flatMap((one) => one.name),
  ({ versions: [first] }) => first?.name,
  ({ skills }) => skills.has('a'),
  ({ skills }) => skills.size,
  ({ skills }) => [...skills],
  ({ skills }) => new Set(skills).add('b').size,
  ({ viewers }) => viewers.get('a') ?? 0,
  ({ viewers }) => new Map(viewers).get('b'),
  ({ viewers }) => [...viewers.keys()],
  ({ viewers, skills }) => (viewers.has('a') ? skills.has('b') : undefined),
];
const looks = fc.subarray([...LOOKS], { minLength: 1, maxLength: 3 });

/** Everything of a part that was read, as it is in a state. */
function valueOfPart({ names, value, entries, isSized }: PartRead, state: State): unknown {
  const found = names.reduce<unknown>((one, field) => (one as Record<string, unknown> | undefined)?.[field], state);
  if (!isCollection(value)) return isSized ? Object.keys(found ?? {}).sort() : plainState(found);
  const all = isCollection(found) ? found : [];
  const entry = (key: unknown) => {
    if (all instanceof Set) return all.has(key);
    return all instanceof Map ? all.get(key) : (all as readonly unknown[])[key as number];
  };
  const isWhole = isSized || entries.size === 0;
  return [
    ...(isWhole ? [[...(all as Iterable<unknown>)].length] : []),
    ...[...entries].map((key) => plainState(entry(key))),
  ];
}

describe('what is read of a state', () => {
  it('is all that what is done with it rests on', () => {
    let alike = 0;
    fc.assert(
      fc.property(states, states, looks, (state, other, all) => {
        const look = (one: State) => all.map((each) => each(one));
        const parts = read(look, state);
        const isAlike = parts.every(
          (part) => sortedJson(valueOfPart(part, state)) === sortedJson(valueOfPart(part, other)),
        );
        if (!isAlike) return;
        alike++;
        expect(plainState(look(other))).toEqual(plainState(look(state)));
      }),
      { numRuns: 5_000, seed: 85 },
    );
    expect(alike).toBeGreaterThan(300);
  });

  it('gives what the state has', () => {
    fc.assert(
      fc.property(states, fc.constantFrom(...LOOKS), (state, look) => {
        expect(plainState(look(new PartsRead().of(state)))).toEqual(plainState(look(state)));
      }),
      { numRuns: 2_000, seed: 86 },
    );
  });

  const state: State = {
    versions: [
      { name: 'a', isOver: true },
      { name: 'b', isOver: false },
      { name: 'c', isOver: false },
    ],
    skills: new Set(['a', 'b']),
    viewers: new Map([['a', 1]]),
    plan: { daily: true, steps: [1, 2] },
    claim: { by: 'rita' },
  };

  it('is no more than what a search has passed', () => {
    expect(paths(({ versions }) => versions.find(({ isOver }) => !isOver), state)).toEqual({ versions: [0, 1] });
    expect(paths(({ versions }) => versions.findLast(({ isOver }) => !isOver), state)).toEqual({
      versions: [2, 'size'],
    });
    expect(paths(({ skills }) => skills.has('z'), state)).toEqual({ skills: ['z'] });
    expect(paths(({ viewers }) => viewers.size, state)).toEqual({ viewers: ['size'] });
  });

  it('is a field of an object, and the object only if nothing of it is read', () => {
    expect(paths(({ claim }) => claim?.by, state)).toEqual({ 'claim/by': [] });
    expect(paths(({ claim }) => claim !== undefined, state)).toEqual({ claim: [] });
    expect(paths(({ claim }) => claim?.until, state)).toEqual({ claim: [], 'claim/until': [] });
    expect(paths(({ rate }) => rate, state)).toEqual({ rate: [] });
    expect(paths(() => undefined, state)).toEqual({});
  });
});
