import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { connectDatabase } from '../../platform/database/database.js';
import { StoredToken } from './stored-token.js';
import { TokenRegistry } from './token-registry.js';

let database: TestDatabase;
let dataSource: DataSource;
const now = { ms: Date.UTC(2026, 0, 1) };
const clock = { now: () => now.ms };
const statements = { count: 0 };

beforeAll(async () => {
  database = await createTestDatabase();
  const options = { applicationName: 'gatehouse-spec', entities: [StoredToken] };
  ({ dataSource } = await connectDatabase(database.connection, options));
  // Not the last use of a token, which is written in the background.
  dataSource.subscribers.push({
    beforeQuery: ({ query }) => void (/SET "last_used_at"/.test(query) || statements.count++),
  });
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

describe('tokens', () => {
  const registry = () => new TokenRegistry(dataSource, clock);

  it('admits the holder of a token, knows its roles and stores only its hash', async () => {
    const { token, secret } = await registry().create({
      name: 'image-service',
      roles: ['service'],
      createdBy: 'setup',
    });
    expect(secret).toMatch(/^ght_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    const principal = { kind: 'service', id: 'image-service', roles: ['service'], token: token.id };
    expect(await registry().authenticate(secret)).toEqual(principal);
    const rows = await dataSource.query('SELECT * FROM platform.tokens');
    expect(JSON.stringify(rows)).not.toContain(secret.slice('ght_0123456789abcdef_'.length));
    expect(await registry().list()).toContainEqual(token);
  });

  it('rejects a changed secret, an unknown id and a malformed token', async () => {
    const { secret } = await registry().create({ name: 'ops', roles: ['operator'], createdBy: 'setup' });
    const changed = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A');
    for (const wrong of [changed, secret.replace(/_[0-9a-f]{16}_/, '_0000000000000000_'), 'ght_', '', "ght_'; DROP"]) {
      expect(await registry().authenticate(wrong)).toBeUndefined();
    }
  });

  it('queries the database once in 5 s for a known token, however many requests share it', async () => {
    const tokens = registry();
    const { secret } = await tokens.create({ name: 'busy', roles: ['service'], createdBy: 'setup' });
    const before = statements.count;
    await Promise.all(Array.from({ length: 50 }, () => tokens.authenticate(secret)));
    now.ms += 4_999;
    await tokens.authenticate(secret);
    expect(statements.count - before).toBe(1);
    now.ms += 1;
    await tokens.authenticate(secret);
    expect(statements.count - before).toBe(2);
  });

  it('rejects a revoked token at once here and within 5 s elsewhere, and keeps the first revocation time', async () => {
    const [here, elsewhere] = [registry(), registry()];
    const { token, secret } = await here.create({ name: 'leaver', roles: ['reviewer'], createdBy: 'setup' });
    await Promise.all([here.authenticate(secret), elsewhere.authenticate(secret)]);
    const [revoked] = await Promise.all([here.revoke(token.id), here.authenticate(secret)]);
    expect(await here.authenticate(secret)).toBeUndefined();
    now.ms += 5_000;
    expect(await elsewhere.authenticate(secret)).toBeUndefined();
    expect((await here.revoke(token.id)).revokedAt).toBe(revoked.revokedAt);
  });

  it('binds a token to the sources and event types that it may send', async () => {
    const bound = {
      name: 'nsfw',
      roles: ['service'],
      sources: ['/nsfw'],
      eventTypes: ['ContentFlagged'],
      createdBy: 'setup',
    };
    const { token, secret } = await registry().create(bound);
    expect(token).toMatchObject({ sources: ['/nsfw'], eventTypes: ['ContentFlagged'] });
    const binding = { sources: ['/nsfw'], eventTypes: ['ContentFlagged'] };
    expect(await registry().authenticate(secret)).toMatchObject({ binding });
    await expect(registry().create({ ...bound, roles: ['reviewer'], sources: ['a b'] })).rejects.toMatchObject({
      errors: [{ field: '/sources' }, { field: '/sources' }, { field: '/eventTypes' }],
    });
  });

  it('reports an unknown role, a missing role and an invalid name together', async () => {
    await expect(registry().create({ name: ' ', roles: ['root'], createdBy: 'setup' })).rejects.toMatchObject({
      code: 'invalid-input',
      errors: [{ field: '/name' }, { field: '/roles' }],
    });
    await expect(registry().revoke('nope')).rejects.toMatchObject({ code: 'token-unknown', kind: 'not-found' });
  });
});
