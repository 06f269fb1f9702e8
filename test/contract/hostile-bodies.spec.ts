import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JsonObject, RecordedEvent } from '../../libs/kernel/envelope.js';
import { eventRules } from '../support/event-rules.js';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { validBodies } from '../support/valid-bodies.js';

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}
interface Operation {
  requestBody?: { content: Record<string, { schema: Schema }> };
}

/** Each in place of each member of a body, at any depth that its schema has. */
const HOSTILE: unknown[] = [
  ...[null, true, -1, 1e308, '', 'sealed:v1:AAAA', '\u0000'],
  ...[[], [[]], [null], [{}], {}, { 0: {} }],
];

let gatehouse: TestGatehouse;
beforeAll(async () => {
  gatehouse = await startGatehouse({ env: { GATEHOUSE_DECISION_WAIT_MS: '0' } });
  // Builds the views.
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

/** The paths of all members, as keys: those of an array are of its first element. */
function pathsOf(schema: Schema, schemas: Record<string, Schema>, above: string[] = []): string[][] {
  const { properties = {}, items } = schema.$ref ? schemas[schema.$ref.split('/').at(-1)!]! : schema;
  const members = items ? { 0: items } : properties;
  return Object.entries(members).flatMap(([name, inner]) => {
    const path = [...above, name];
    return [path, ...pathsOf(inner, schemas, path)];
  });
}

/** @returns undefined if the body has nothing at the path's parent */
function replaced(valid: JsonObject, path: readonly string[], value: unknown): JsonObject | undefined {
  const copy = structuredClone(valid);
  let owner: unknown = copy;
  for (const name of path.slice(0, -1)) owner = (owner as JsonObject | undefined)?.[name];
  if (typeof owner !== 'object' || owner === null) return undefined;
  (owner as JsonObject)[path.at(-1)!] = value;
  return copy;
}

async function wholeLog(): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for (;;) {
    const { events } = await gatehouse.runtime.store.readAll(all.at(-1)?.position ?? 0);
    if (events.length === 0) return all;
    all.push(...events);
  }
}

/** As stored, what a person wrote is encrypted, which the schema refuses: then the example stands for it. */
function faultOf({ type, data }: RecordedEvent) {
  const { personal, example } = eventRules.definition(type)!;
  const encrypted = (personal?.fields ?? []).filter((field) => data[field] !== undefined);
  const readable = Object.fromEntries(encrypted.map((field) => [field, (example as JsonObject)[field] ?? 'text']));
  return eventRules.fault(type, { ...data, ...readable });
}

it('no body makes a route fail or store an event that its schema refuses', async () => {
  const { administrator } = gatehouse;
  const { paths, components } = (await administrator.get('/openapi.json')).body;
  const failed: unknown[] = [];
  let sent = 0;
  for (const [path, operations] of Object.entries<Record<string, Operation>>(paths)) {
    for (const [method, { requestBody }] of Object.entries(operations)) {
      const schema = requestBody?.content['application/json']?.schema;
      if (!schema || (method !== 'post' && method !== 'put')) continue;
      const key = `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
      const url = path.replace('{action}', 'share').replace('{rule}', 'photorealistic-faces');
      const members = pathsOf(schema, components.schemas);
      for (const valid of validBodies[key] ?? []) {
        for (const value of HOSTILE) {
          const bodies = members.map((member) => replaced(valid, member, value)).filter((body) => body !== undefined);
          sent += bodies.length;
          const send = (body: JsonObject) => administrator[method](url.replaceAll(/\{\w+\}/g, 'img-1'), body);
          // 503 says that nothing was stored, as behind a consumer or under load.
          for (const [n, { status, body }] of (await Promise.all(bodies.map(send))).entries())
            if (status === 500) failed.push([key, bodies[n], body]);
        }
      }
    }
  }
  expect(failed).toEqual([]);
  expect(sent).toBeGreaterThan(1_000);
  const stored = await wholeLog();
  expect(stored.flatMap((event) => faultOf(event) ?? [])).toEqual([]);
  expect(stored.some(({ type }) => type === 'ContentPolicyPublished')).toBe(true);
});
