import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { connectDatabase } from '../../platform/database/database.js';
import { ERASED, Unreadable } from '../../platform/personal-data/person-keys.js';
import { PostgresPersonKeys } from '../../platform/personal-data/postgres-person-keys.js';
import { StoredPersonKey } from '../../platform/personal-data/stored-person-key.js';
import { StoredToken } from './stored-token.js';
import { TokenRegistry } from './token-registry.js';

let database: TestDatabase;
let dataSource: DataSource;
const now = { ms: Date.UTC(2026, 0, 1) };
const clock = { now: () => now.ms };
const statements = { count: 0 };

beforeAll(async () => {
  database = await createTestDatabase();
  const options = { applicationName: 'gatehouse-spec', entities: [StoredToken, StoredPersonKey] };
  ({ dataSource } = await connectDatabase(database.connection, options));
  dataSource.subscribers.push({ beforeQuery: () => void statements.count++ });
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
    expect(await registry().authenticate(secret)).toEqual({ kind: 'service', id: 'image-service', roles: ['service'] });
    const rows = await dataSource.query('SELECT * FROM platform.tokens');
    expect(JSON.stringify(rows)).not.toContain(secret.slice('ght_0123456789abcdef_'.length));
    expect(await registry().list()).toContainEqual(token);
  });

  it('refuses a changed secret, an unknown id and what is no token at all', async () => {
    const { secret } = await registry().create({ name: 'ops', roles: ['operator'], createdBy: 'setup' });
    const changed = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A');
    for (const wrong of [changed, secret.replace(/_[0-9a-f]{16}_/, '_0000000000000000_'), 'ght_', '', "ght_'; DROP"]) {
      expect(await registry().authenticate(wrong)).toBeUndefined();
    }
  });

  it('asks the database once in 5 s for a known token, however many ask together', async () => {
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

  it('refuses a revoked token at once here, within 5 s elsewhere, and keeps the first time of revocation', async () => {
    const [here, elsewhere] = [registry(), registry()];
    const { token, secret } = await here.create({ name: 'leaver', roles: ['reviewer'], createdBy: 'setup' });
    await Promise.all([here.authenticate(secret), elsewhere.authenticate(secret)]);
    const [revoked] = await Promise.all([here.revoke(token.id), here.authenticate(secret)]);
    expect(await here.authenticate(secret)).toBeUndefined();
    now.ms += 5_000;
    expect(await elsewhere.authenticate(secret)).toBeUndefined();
    expect((await here.revoke(token.id)).revokedAt).toBe(revoked.revokedAt);
  });

  it('refuses an unknown role, no role and a name that is no identifier, all at once', async () => {
    await expect(registry().create({ name: ' ', roles: ['root'], createdBy: 'setup' })).rejects.toMatchObject({
      code: 'invalid-input',
      errors: [{ field: '/name' }, { field: '/roles' }],
    });
    await expect(registry().revoke('nope')).rejects.toMatchObject({ code: 'token-unknown', kind: 'not-found' });
  });
});

describe('subject keys', () => {
  const masterKey = randomBytes(32);
  const keys = () => new PostgresPersonKeys(dataSource, masterKey);

  it('opens what was sealed for the same person and place, in this process or another', async () => {
    const sealing = keys();
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }),
        fc.string({ unit: 'grapheme' }),
        fc.string(),
        async (person, plaintext, aad) => {
          const sealed = await sealing.encrypt(person, plaintext, aad);
          expect(sealed).toMatch(/^sealed:v1:[A-Za-z0-9_-]+$/);
          expect(await sealing.decrypt(person, sealed, aad)).toBe(plaintext);
          await expect(sealing.decrypt(person, sealed, `${aad}x`)).rejects.toThrow(Unreadable);
        },
      ),
      { numRuns: 50 },
    );
    expect(await keys().decrypt('ann', await sealing.encrypt('ann', 'hello', 'here'), 'here')).toBe('hello');
  });

  it('refuses a text that was altered or belongs to somebody else', async () => {
    const sealing = keys();
    const sealed = await sealing.encrypt('bob', 'mine', 'here');
    await sealing.encrypt('eve', 'x', 'here');
    const altered = sealed.slice(0, -2) + (sealed.at(-2) === 'A' ? 'B' : 'A') + sealed.at(-1);
    await expect(sealing.decrypt('bob', altered, 'here')).rejects.toThrow(Unreadable);
    await expect(sealing.decrypt('eve', sealed, 'here')).rejects.toThrow(Unreadable);
    await expect(sealing.decrypt('nobody', sealed, 'here')).rejects.toThrow(Unreadable);
  });

  it('agrees on one key when many processes meet a person for the first time together', async () => {
    const processes = Array.from({ length: 6 }, keys);
    const sealed = await Promise.all(processes.map((one) => one.encrypt('newcomer', 'same', 'here')));
    for (const text of sealed) expect(await keys().decrypt('newcomer', text, 'here')).toBe('same');
  });

  it('asks the database once for a batch of unknown people and not again', async () => {
    const sealing = keys();
    const batch = Array.from({ length: 500 }, (_, i) => ({ person: `batch-${i % 200}`, plaintext: 'x', aad: `${i}` }));
    const before = statements.count;
    await sealing.encryptMany(batch);
    await sealing.encryptMany(batch);
    expect(statements.count - before).toBe(1);
  });

  it('makes what a forgotten person left unreadable and keeps nothing new of theirs', async () => {
    const sealing = keys();
    const sealed = await sealing.encrypt('gone', 'secret', 'here');
    await sealing.forget('gone');
    for (const process of [sealing, keys()]) {
      await expect(process.decrypt('gone', sealed, 'here')).rejects.toThrow('the person was forgotten');
      expect(await process.encrypt('gone', 'again', 'here')).toBe(ERASED);
    }
  });

  it('notices another master key at the start', async () => {
    await keys().encrypt('ann', 'x', 'y');
    await keys().checkMasterKey();
    const other = new PostgresPersonKeys(dataSource, randomBytes(32));
    await expect(other.checkMasterKey()).rejects.toMatchObject({ code: 'master-key-wrong' });
    expect(keys().keyedHash('a@example.org')).toBe(keys().keyedHash('a@example.org'));
    expect(other.keyedHash('a@example.org')).not.toBe(keys().keyedHash('a@example.org'));
  });
});
