import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { connectDatabase, type DataSource } from './database.js';
import { openEventIdentity } from './identity-key.js';

describe('the identity key', () => {
  let data: string;
  let database: TestDatabase;
  let dataSource: DataSource;
  const none = { identityKey: undefined, identityKeyFile: undefined, databaseUrl: undefined };
  const open = (settings: object = {}, head = 0) =>
    openEventIdentity(dataSource, { ...none, data, ...settings }, async () => head);

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'gatehouse-key-'));
    database = await createTestDatabase();
    ({ dataSource } = await connectDatabase(database.connection, { applicationName: 'gatehouse-spec', entities: [] }));
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
    await rm(data, { recursive: true });
  });

  it('must be given for an external database', async () => {
    await expect(open({ databaseUrl: 'postgres://db/x' })).rejects.toMatchObject({ code: 'identity-key-missing' });
  });

  it('is made at the first start, with the head of the log at that time, and stays the same', async () => {
    const first = await open({}, 42);
    expect(first).toEqual({ key: expect.any(Buffer), since: 42 });
    expect((await stat(join(data, 'identity.key'))).mode & 0o777).toBe(0o600);
    expect(await open({}, 99)).toEqual(first);
  });

  it('is refused if it is another one than the database was used with', async () => {
    await expect(open({ identityKey: randomBytes(32) })).rejects.toMatchObject({
      code: 'identity-key-wrong',
      message: expect.stringContaining('restore'),
    });
  });

  it('is not made anew if its file is lost', async () => {
    const elsewhere = join(data, 'elsewhere');
    await expect(open({ data: elsewhere })).rejects.toMatchObject({ code: 'identity-key-missing' });
    await expect(readFile(join(elsewhere, 'identity.key'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
