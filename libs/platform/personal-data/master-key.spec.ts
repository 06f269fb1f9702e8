import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadMasterKey } from './master-key.js';

describe('the master key', () => {
  let data: string;
  const none = { masterKey: undefined, masterKeyFile: undefined, databaseUrl: undefined };

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'gatehouse-key-'));
  });
  afterAll(() => rm(data, { recursive: true }));

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
    await writeFile(masterKeyFile, randomBytes(16).toString('base64'));
    await expect(loadMasterKey({ ...none, data, masterKeyFile })).rejects.toMatchObject({ code: 'master-key-invalid' });
  });
});
