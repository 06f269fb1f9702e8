import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { connectDatabase } from '../../platform/database/database.js';
import { ERASED, Unreadable } from '../../platform/personal-data/encrypted-text.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
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

describe('person keys', () => {
  const masterKey = randomBytes(32);
  const keys = () => new PersonKeys(dataSource, masterKey);

  it('refuses to encrypt for a person whose stored key is damaged, and only for that one', async () => {
    const personKeys = keys();
    const texts = ['hurt', 'well'].map((person) => ({ person, plaintext: 'text', aad: '' }));
    const [hurt] = await personKeys.encryptMany(texts);
    await dataSource.query(`UPDATE platform.subject_keys SET wrapped_key = '\\x0102' WHERE person = 'hurt'`);
    const other = keys();
    await expect(other.encryptMany(texts)).rejects.toMatchObject({
      code: 'person-key-damaged',
      people: new Set(['hurt']),
      message: expect.stringContaining('hurt'),
    });
    expect(await other.encryptMany(texts.slice(1))).toHaveLength(1);
    await expect(other.decrypt('hurt', hurt!, '')).rejects.toThrow(Unreadable);
    await other.checkMasterKey();
    await dataSource.query(`DELETE FROM platform.subject_keys WHERE person = 'hurt'`);
  });

  it('decrypts data of the same person and place, in this process or another', async () => {
    const personKeys = keys();
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }),
        fc.string({ unit: 'grapheme' }),
        fc.string(),
        async (person, plaintext, aad) => {
          const encrypted = await personKeys.encrypt(person, plaintext, aad);
          expect(encrypted).toMatch(/^sealed:v1:[A-Za-z0-9_-]+$/);
          expect(await personKeys.decrypt(person, encrypted, aad)).toBe(plaintext);
          await expect(personKeys.decrypt(person, encrypted, `${aad}x`)).rejects.toThrow(Unreadable);
        },
      ),
      { numRuns: 50 },
    );
    expect(await keys().decrypt('ann', await personKeys.encrypt('ann', 'hello', 'here'), 'here')).toBe('hello');
  });

  it('rejects data that was altered or belongs to another person', async () => {
    const personKeys = keys();
    const encrypted = await personKeys.encrypt('bob', 'mine', 'here');
    await personKeys.encrypt('eve', 'x', 'here');
    const altered = encrypted.slice(0, -2) + (encrypted.at(-2) === 'A' ? 'B' : 'A') + encrypted.at(-1);
    await expect(personKeys.decrypt('bob', altered, 'here')).rejects.toThrow(Unreadable);
    await expect(personKeys.decrypt('eve', encrypted, 'here')).rejects.toThrow(Unreadable);
    await expect(personKeys.decrypt('nobody', encrypted, 'here')).rejects.toThrow(Unreadable);
  });

  it('agrees on one key if several processes encrypt for a new person at once', async () => {
    const processes = Array.from({ length: 6 }, keys);
    const encrypted = await Promise.all(processes.map((one) => one.encrypt('newcomer', 'same', 'here')));
    for (const text of encrypted) expect(await keys().decrypt('newcomer', text, 'here')).toBe('same');
  });

  it('queries the database once for a batch of unknown people', async () => {
    const personKeys = keys();
    const batch = Array.from({ length: 500 }, (_, i) => ({ person: `batch-${i % 200}`, plaintext: 'x', aad: `${i}` }));
    const before = statements.count;
    await personKeys.encryptMany(batch);
    await personKeys.encryptMany(batch);
    expect(statements.count - before).toBe(1);
  });

  it('makes data of a forgotten person unreadable and keeps no new data of theirs', async () => {
    const personKeys = keys();
    const encrypted = await personKeys.encrypt('gone', 'secret', 'here');
    await personKeys.forget('gone', { refuseHeld: async () => {} });
    for (const process of [personKeys, keys()]) {
      await expect(process.decrypt('gone', encrypted, 'here')).rejects.toThrow('the person was forgotten');
      expect(await process.encrypt('gone', 'again', 'here')).toBe(ERASED);
    }
  });

  it('detects another master key at the start', async () => {
    await keys().encrypt('ann', 'x', 'y');
    await keys().checkMasterKey();
    const other = new PersonKeys(dataSource, randomBytes(32));
    await expect(other.checkMasterKey()).rejects.toMatchObject({ code: 'master-key-wrong' });
    expect(keys().keyedHash('a@example.org')).toBe(keys().keyedHash('a@example.org'));
    expect(other.keyedHash('a@example.org')).not.toBe(keys().keyedHash('a@example.org'));
  });
});
