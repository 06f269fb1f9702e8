import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { openTestKeys, type TestKeys } from '../../test/support/test-keys.js';
import { nameBasedId } from '../kernel/ids.js';
import type { PersonKeys } from '../platform/personal-data/person-keys.js';
import { EncryptingEventStore, encryptionContext } from './encrypting-event-store.js';
import { imageKey } from './personal-owners.js';
import { PostgresEventStore } from './postgres/postgres-event-store.js';
import { readPersonal } from './read-personal.js';

const NAMESPACE = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const definitions = [
  { type: 'Joined', personal: { person: 'accountId', fields: ['email', 'note'] } },
  { type: 'Commented', personal: { person: 'by', about: 'imageId', fields: ['comment'] } },
  { type: 'Left' },
];

const event = (name: string, type: string, data: Record<string, unknown>) => ({
  id: nameBasedId(NAMESPACE, name),
  type,
  data,
  metadata: {
    source: '/spec',
    subject: 's',
    time: '2026-01-01T00:00:00.000Z',
    schemaversion: 1,
    correlationid: 'c',
    actor: { kind: 'process' as const, id: 'spec' },
  },
});

describe('EncryptingEventStore', () => {
  let database: TestDatabase;
  let testKeys: TestKeys;
  let keys: PersonKeys;
  let store: EncryptingEventStore;

  beforeAll(async () => {
    database = await createTestDatabase();
    testKeys = await openTestKeys();
    ({ keys } = testKeys);
    store = new EncryptingEventStore(new PostgresEventStore(database.connection), keys, definitions as never);
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
    await testKeys.remove();
  });

  it('stores personal fields encrypted for their place and others unchanged, and does not modify the caller’s events', async () => {
    const joined = event('1', 'Joined', { accountId: 'ann', email: 'ann@example.org', locale: 'en' });
    const left = event('2', 'Left', { email: 'stays' });
    await store.append([{ stream: 'account-ann', expected: 'no-stream', events: [joined, left] }]);

    const [stored, second] = await store.readStream('account-ann');
    expect(stored!.data).toEqual({ accountId: 'ann', email: expect.stringMatching(/^sealed:v2:\d{6}:/), locale: 'en' });
    expect(
      await keys.decrypt(
        { person: 'ann', dataClass: 'addresses' },
        String(stored!.data.email),
        encryptionContext('account-ann', joined.id, 'email'),
      ),
    ).toBe('ann@example.org');
    expect(second!.data).toEqual({ email: 'stays' });
    expect(joined.data.email).toBe('ann@example.org');
    expect((await store.readAll(0)).events[0]!.data).toEqual(stored!.data);
  });

  it('keeps a value that is encrypted already and detects a repeated append', async () => {
    const encrypted = await keys.encrypt('bob', 'bob@example.org', 'elsewhere');
    const write = {
      stream: 'account-bob',
      expected: 'no-stream' as const,
      events: [event('3', 'Joined', { accountId: 'bob', email: encrypted, note: 'hello' })],
    };
    expect((await store.append([write]))[0]!.outcome).toBe('appended');
    expect((await store.append([write]))[0]!.outcome).toBe('already-appended');
    expect((await store.readStream('account-bob'))[0]!.data.email).toBe(encrypted);
  });

  it('encrypts what is about an image for the image too: it dies with either key', async () => {
    const write = (name: string, imageId: string) => ({
      stream: `facts-${name}`,
      expected: 'any' as const,
      events: [event(name, 'Commented', { by: `writer-${name}`, imageId, comment: 'look at the sign' })],
    });
    const definition = definitions.find(({ type }) => type === 'Commented') as never;
    const readAgain = async (name: string) => {
      const [stored] = await store.readStream(`facts-${name}`);
      return (await readPersonal(keys, stored!, definition, 'comment')).text;
    };
    await store.append([write('5', 'img-5'), write('6', 'img-6'), write('7', 'img-7')]);
    await keys.destroy({ names: ['writer-5', imageKey('img-6')] });
    expect([await readAgain('5'), await readAgain('6'), await readAgain('7')]).toEqual([
      null,
      null,
      'look at the sign',
    ]);
    expect(await keys.decrypt('writer-6', await keys.encrypt('writer-6', 'mine', ''), '')).toBe('mine');
  });

  it('rejects personal data without a person', async () => {
    const write = {
      stream: 'account-x',
      expected: 'any' as const,
      events: [event('4', 'Joined', { email: 'x@example.org' })],
    };
    await expect(store.append([write])).rejects.toThrow('no accountId');
  });
});
