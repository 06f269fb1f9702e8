import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { connectDatabase, type DataSource } from '../database/database.js';
import { openMasterKey } from './master-key.js';

describe('the master key', () => {
  let data: string;
  let database: TestDatabase;
  let dataSource: DataSource;
  const loadMasterKey = (settings: Parameters<typeof openMasterKey>[1]) =>
    openMasterKey(dataSource, settings, join(data, 'keys'));
  const none = { masterKey: undefined, masterKeyFile: undefined, databaseUrl: undefined };

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'gatehouse-key-'));
    database = await createTestDatabase();
    ({ dataSource } = await connectDatabase(database.connection, {
      applicationName: 'gatehouse-spec',
    }));
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
    await rm(data, { recursive: true });
  });

  it('is created once beside an embedded database, readable by its owner only', async () => {
    const made = await loadMasterKey({ ...none, data });
    expect(made).toHaveLength(32);
    expect((await stat(join(data, 'master.key'))).mode & 0o777).toBe(0o600);
    expect((await loadMasterKey({ ...none, data })).equals(made)).toBe(true);
  });

  it('is read from the environment before the file', async () => {
    const masterKey = randomBytes(32);
    expect(await loadMasterKey({ ...none, data, masterKey })).toBe(masterKey);
  });

  it('is never created for an external database or in a configured file', async () => {
    const elsewhere = join(data, 'elsewhere');
    await expect(loadMasterKey({ ...none, data: elsewhere, databaseUrl: 'postgres://db/x' })).rejects.toMatchObject({
      code: 'master-key-missing',
    });
    await expect(loadMasterKey({ ...none, data, masterKeyFile: elsewhere })).rejects.toMatchObject({
      code: 'master-key-missing',
    });
  });

  it('must have 32 bytes', async () => {
    const masterKeyFile = join(data, 'short.key');
    await writeFile(masterKeyFile, randomBytes(16).toString('base64'), { mode: 0o600 });
    await expect(loadMasterKey({ ...none, data, masterKeyFile })).rejects.toMatchObject({ code: 'master-key-invalid' });
  });

  it.each([0o644, 0o604, 0o620, 0o660, 0o602])(
    'is refused from a file of mode %o, which others may use',
    async (mode) => {
      const masterKeyFile = join(data, 'exposed.key');
      await writeFile(masterKeyFile, randomBytes(32).toString('base64'));
      await chmod(masterKeyFile, mode);
      await expect(loadMasterKey({ ...none, data, masterKeyFile })).rejects.toMatchObject({
        code: 'master-key-exposed',
        message: expect.stringContaining(`chmod 600 ${masterKeyFile}`),
      });
      await chmod(masterKeyFile, 0o400);
      expect(await loadMasterKey({ ...none, data, masterKeyFile })).toHaveLength(32);
    },
  );

  it('is not made anew if its file is lost, once it has encrypted something', async () => {
    const elsewhere = join(data, 'lost');
    await dataSource.query("INSERT INTO platform.key_store (store_id) VALUES ('0123')");
    await expect(loadMasterKey({ ...none, data: elsewhere })).rejects.toMatchObject({
      code: 'master-key-missing',
      message: expect.stringMatching(
        /no master key in .*lost.*master\.key, but this database was used with one: restore/,
      ),
    });
    await expect(stat(elsewhere)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
