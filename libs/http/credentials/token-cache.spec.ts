import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { type SilentDatabase, silentDatabase } from '../../../test/support/silent-database.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { connectDatabase } from '../../platform/database/database.js';
import { StoredToken } from './stored-token.js';
import { TokenRegistry } from './token-registry.js';

const HOUR_MS = 3_600_000;
const FRESH_MS = 5_000;
const REMEMBERED_MS = 600_000;

let database: TestDatabase;
let silent: SilentDatabase;
let dataSource: DataSource;
const now = { ms: Date.UTC(2026, 0, 1) };
const clock = { now: () => now.ms };
const principal = (name: string) => expect.objectContaining({ kind: 'service', id: name, roles: ['service'] });

beforeAll(async () => {
  database = await createTestDatabase();
  silent = await silentDatabase(database.connection);
  const options = { applicationName: 'gatehouse-spec', entities: [StoredToken] };
  ({ dataSource } = await connectDatabase(silent.connection, options));
});
afterAll(async () => {
  await dataSource.destroy();
  await silent.close();
  await database.drop();
});

const made = (name: string) =>
  new TokenRegistry(dataSource, clock).create({ name, roles: ['service'], createdBy: 'setup' });

it('admits a token that was revoked elsewhere for at most five seconds, however the clock is set', async () => {
  const step = fc.oneof(fc.integer({ min: 0, max: 2 * FRESH_MS }), fc.constantFrom(-HOUR_MS, HOUR_MS));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const [here, elsewhere] = [new TokenRegistry(dataSource, clock), new TokenRegistry(dataSource, clock)];
      const { token, secret } = await made('service-a');
      expect(await here.authenticate(secret)).toEqual(principal('service-a'));
      await elsewhere.revoke(token.id);
      const revokedAt = now.ms;
      let refused = false;
      for (const by of steps) {
        now.ms += by;
        const admitted = (await here.authenticate(secret)) !== undefined;
        // Once it has been read again, setting the clock can't bring the old answer back.
        expect(admitted && (refused || now.ms >= revokedAt + FRESH_MS || now.ms < revokedAt)).toBe(false);
        refused ||= !admitted;
      }
    }),
    { numRuns: 40 },
  );
});

describe('while the database does not answer', () => {
  it('admits a known token from the cache, after at most a second and for ten minutes', async () => {
    const registry = new TokenRegistry(dataSource, clock);
    const { token, secret } = await made('service-b');
    await registry.authenticate(secret);
    silent.fallSilent();
    try {
      now.ms += FRESH_MS;
      const asked = performance.now();
      const waiting = Array.from({ length: 20 }, () => registry.authenticate(secret));
      expect(await Promise.all(waiting)).toEqual(Array(20).fill(principal('service-b')));
      expect(performance.now() - asked).toBeGreaterThan(900);
      expect(await registry.authenticate(secret)).toEqual(principal('service-b'));
      expect(performance.now() - asked).toBeLessThan(20 * 900);

      now.ms += REMEMBERED_MS;
      await expect(registry.authenticate(secret)).rejects.toMatchObject({
        code: 'store-unavailable',
        kind: 'unavailable',
      });
    } finally {
      silent.speak();
    }
    await registry.revoke(token.id);
    expect(await registry.authenticate(secret)).toBeUndefined();
  });
});

it('looks up an unknown token once in five seconds, and a new one at once', async () => {
  const queries: string[] = [];
  const registry = new TokenRegistry(dataSource, clock);
  const { secret } = await made('service-c');
  const subscriber = { beforeQuery: lookUpInto(queries) };
  dataSource.subscribers.push(subscriber);
  for (let n = 0; n < 5; n++) expect(await registry.authenticate(unknown(0))).toBeUndefined();
  expect(queries).toHaveLength(1);
  now.ms += FRESH_MS;
  await registry.authenticate(unknown(0));
  expect(queries).toHaveLength(2);
  expect(await registry.authenticate(secret)).toEqual(principal('service-c'));
  expect(queries).toHaveLength(3);
  dataSource.subscribers.splice(dataSource.subscribers.indexOf(subscriber), 1);
});

it('looks up any number of unknown tokens at once in two queries, and finds a new one among them', async () => {
  const queries: string[] = [];
  const registry = new TokenRegistry(dataSource, clock);
  const { secret } = await made('service-d');
  const subscriber = { beforeQuery: lookUpInto(queries) };
  dataSource.subscribers.push(subscriber);
  const first = registry.authenticate(unknown(1));
  await Promise.resolve();
  const others = Array.from({ length: 1_000 }, (_, n) => registry.authenticate(unknown(n + 2)));
  const found = await registry.authenticate(secret);
  expect(await Promise.all([first, ...others])).toEqual(Array(1_001).fill(undefined));
  expect(found).toEqual(principal('service-d'));
  expect(queries.length).toBeLessThanOrEqual(2);
  dataSource.subscribers.splice(dataSource.subscribers.indexOf(subscriber), 1);
});

/** Not the last use of a token, which is written in the background. */
const lookUpInto =
  (queries: string[]) =>
  ({ query }: { query: string }) => {
    if (query.startsWith('SELECT')) queries.push(query);
  };

const unknown = (n: number) => `ght_${n.toString(16).padStart(16, '0')}_${'A'.repeat(43)}`;
