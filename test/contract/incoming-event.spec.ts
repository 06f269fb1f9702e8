import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { catalogue } from '../../apps/composition/catalogue.js';
import { EventSchemas } from '../../libs/events/event-schemas.js';
import { isFault, readCloudEvent } from '../../libs/ingest/incoming-event.js';
import { anyCharacter } from '../support/any-character.js';

const schemas = new EventSchemas(catalogue.events);
const NOW = Date.UTC(2026, 0, 31);
const read = (event: unknown) => readCloudEvent(event, { schemas, isAccepted: () => true }, { now: NOW });

type Json = Record<string, unknown>;

const examples = catalogue.events.map(
  ({ type, version, example }): Json => ({
    specversion: '1.0',
    id: `${type}-1`,
    source: '/test',
    type,
    time: '2026-01-30T00:00:00Z',
    schemaversion: String(version),
    data: example,
  }),
);

/** The path of every value in an event, as a list of keys. */
function places(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]))];
}

const nested = JSON.parse(`${'{"a":['.repeat(10_000)}1${']}'.repeat(10_000)}`) as Json;
const odd = fc.oneof(
  fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }),
  fc.string({ unit: anyCharacter, maxLength: 300 }),
  fc.constantFrom<unknown>(
    '',
    '\u0000',
    '\ud800',
    'x'.repeat(5_000),
    1e308,
    -1,
    0.5,
    JSON.parse('1e999'),
    nested,
    [nested],
    null,
  ),
  fc.constantFrom<unknown>(...examples.flatMap((event) => Object.values(event.data as Json))),
);
const oddName = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', '', 'a/b~c', '\u0000'), fc.string());

const mutation = fc.oneof(
  fc.record({ kind: fc.constant('replace' as const), place: fc.nat(), value: odd }),
  fc.record({ kind: fc.constant('remove' as const), place: fc.nat() }),
  fc.record({ kind: fc.constant('add' as const), place: fc.nat(), name: oddName, value: odd }),
);
type Mutation = typeof mutation extends fc.Arbitrary<infer One> ? One : never;

/** A copy of the event with one change. */
function mutate(event: Json, change: Mutation): Json {
  const copy = JSON.parse(JSON.stringify({ event })) as Json;
  const paths = places(copy).slice(1);
  const path = paths[change.place % paths.length]!;
  const parent = path.slice(0, -1).reduce<Json>((value, key) => value[key] as Json, copy);
  const last = path.at(-1)!;
  const set = (target: Json, name: string, value: unknown) =>
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  if (change.kind === 'replace') set(parent, last, change.value);
  else if (change.kind === 'remove') delete parent[last];
  else if (typeof parent[last] === 'object') set(parent[last] as Json, change.name, change.value);
  return copy.event as Json;
}

describe('incoming events of the catalogue', () => {
  it('are parsed as in their examples', () => {
    for (const event of examples) {
      const answer = read(event);
      if (isFault(answer)) throw new Error(`${event.type}: ${answer.detail}`);
      expect(answer).toMatchObject({ type: event.type, data: event.data });
    }
  });

  it('are either parsed, with valid data, or refused with the field, after any change', () => {
    const seen = { understood: 0, faulted: 0 };
    fc.assert(
      fc.property(fc.constantFrom(...examples), mutation, (event, change) => {
        const changed = mutate(event, change);
        const answer = read(changed);
        if (isFault(answer)) {
          seen.faulted++;
          for (const text of [answer.reason, answer.field, answer.detail]) {
            expect(text).not.toBe('');
            expect(text.length).toBeLessThan(500);
          }
        } else {
          seen.understood++;
          expect(schemas.fault(answer.type, answer.data)).toBeUndefined();
          if (answer.leftOut === 0) expect(answer.data).toBe(changed.data);
        }
      }),
      { numRuns: 2_500 },
    );
    expect(seen.understood).toBeGreaterThan(50);
    expect(seen.faulted).toBeGreaterThan(500);
  });

  it('are refused with the name of a missing required field', () => {
    for (const definition of catalogue.events) {
      const event = examples.find(({ type }) => type === definition.type)!;
      for (const field of (definition.schema.required as string[] | undefined) ?? []) {
        const { [field]: _, ...data } = event.data as Json;
        expect(read({ ...event, data })).toMatchObject({ reason: 'invalid-data', field: `/data/${field}` });
      }
    }
  });
});
