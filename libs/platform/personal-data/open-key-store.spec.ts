import { hkdfSync, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { systemClock } from '../../kernel/clock.js';
import { encrypt } from '../aes-gcm.js';
import { connectDatabase, type Database } from '../database/database.js';
import { toEncryptedText } from './encrypted-text.js';
import { formerKeysUntil, openKeyStore } from './open-key-store.js';
import { PersonKeys } from './person-keys.js';

let data: string;
let test: TestDatabase;
let database: Database;
const masterKey = randomBytes(32);

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'gatehouse-move-'));
  test = await createTestDatabase();
  database = await connectDatabase(test.connection, { applicationName: 'gatehouse-spec' });
});
afterEach(async () => {
  await database.dataSource.destroy();
  await test.drop();
  await rm(data, { recursive: true });
});

const open = async (settings: object = {}) => {
  const all = {
    ...{ masterKey, data, masterKeyFile: undefined, databaseUrl: undefined },
    ...{ keyDirectory: undefined, rootKeyCommand: undefined },
    ...settings,
  };
  return new PersonKeys(await openKeyStore(database.dataSource, database.pool, all, systemClock), systemClock);
};

describe('the keys of an earlier version', () => {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', masterKey, '', purpose, 32));
  const [ada, hurt, address] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const text = (key: Buffer) => toEncryptedText(encrypt(key, 'ada@example.org', 'here'));
  const wrap = (key: Buffer, person: string) => encrypt(derive('gatehouse subject keys v1'), key, person);
  const insert = (person: string, wrapped: Buffer | null) =>
    database.pool.query('INSERT INTO platform.former_keys VALUES ($1, $2, $3)', [person, wrapped, wrapped === null]);
  const left = async () => (await database.pool.query('SELECT person FROM platform.former_keys')).rows;

  beforeEach(async () => {
    await insert('ada', wrap(ada, 'ada'));
    await insert('hurt', Buffer.from('01', 'hex'));
    await insert('gone', null);
    await database.pool.query('INSERT INTO platform.address_key (wrapped_key, log_was_empty) VALUES ($1, true)', [
      encrypt(derive('gatehouse address key v1'), address, 'address key'),
    ]);
  });

  it('are moved out of the database, once, and go on decrypting', async () => {
    for (let start = 0; start < 2; start++) {
      const keys = await open();
      expect(await keys.decrypt('ada', text(ada), 'here')).toBe('ada@example.org');
      expect(await keys.isForgotten('gone')).toBe(true);
      expect(keys.store.named).toMatchObject({ hashing: derive('gatehouse keyed hash v1'), addresses: address });
      await expect(keys.encrypt('hurt', 'text', '')).rejects.toMatchObject({ code: 'person-key-damaged' });
      expect(await left()).toEqual([{ person: 'hurt' }]);
      expect((await database.pool.query('SELECT wrapped_key FROM platform.address_key')).rows).toEqual([
        { wrapped_key: null },
      ]);
    }
    // Backups of until then have them.
    expect(await formerKeysUntil(database.pool)).toEqual(expect.any(Number));
    await database.pool.query('DELETE FROM platform.former_keys');
    await insert('hurt', wrap(hurt, 'hurt'));
    expect(await (await open()).decrypt('hurt', text(hurt), 'here')).toBe('ada@example.org');
    expect(await left()).toEqual([]);
  });

  it('leave the files of their tables too, in which rows that are deleted stay', async () => {
    const superuser = new pg.Client(test.superuser);
    await superuser.connect();
    const { rows: stored } = await superuser.query(`SELECT 'former_keys' AS place, wrapped_key FROM platform.former_keys
      WHERE person = 'ada' UNION ALL SELECT 'address_key', wrapped_key FROM platform.address_key`);
    const found = async () => {
      await superuser.query('CHECKPOINT');
      const places: string[] = [];
      for (const { place, wrapped_key: wrapped } of stored) {
        const text = 'SELECT position($1 IN pg_read_binary_file(pg_relation_filepath($2))) AS at';
        const { rows } = await superuser.query(text, [wrapped, `platform.${place}`]);
        if (rows[0].at > 0) places.push(place);
      }
      return places;
    };
    try {
      expect(await found()).toEqual(['former_keys', 'address_key']);
      await open();
      expect(await found()).toEqual([]);
      expect(await left()).toEqual([{ person: 'hurt' }]);
    } finally {
      await superuser.end();
    }
  });

  it('stay destroyed if a backup brings them back', async () => {
    const keys = await open();
    await keys.destroy({ names: ['ada'] });
    await insert('ada', wrap(ada, 'ada'));
    expect(await (await open()).isForgotten('ada')).toBe(true);
  });

  it('need their master key', async () => {
    await expect(open({ masterKey: randomBytes(32) })).rejects.toMatchObject({ code: 'master-key-wrong' });
    expect(await readdir(data)).toEqual([]);
    expect(await left()).toHaveLength(3);
  });
});

describe('a key store', () => {
  it('is made once by processes that start at once', async () => {
    const [one, other] = await Promise.all([open(), open()]);
    expect(other!.store.id).toBe(one!.store.id);
    expect(await formerKeysUntil(database.pool)).toBe(undefined);
    expect(await other!.decrypt('ada', await one!.encrypt('ada', 'text', ''), '')).toBe('text');
  });

  it('belongs to one database and one master key', async () => {
    await open();
    await expect(open({ masterKey: randomBytes(32) })).rejects.toMatchObject({ code: 'master-key-wrong' });
    await expect(open({ keyDirectory: join(data, 'none') })).rejects.toMatchObject({ code: 'key-store-missing' });
    await rename(join(data, 'keys'), join(data, 'first'));
    await database.pool.query('DELETE FROM platform.key_store');
    await open();
    await expect(open({ keyDirectory: join(data, 'first') })).rejects.toMatchObject({ code: 'key-store-other' });
  });

  it('beside a database of one’s own is where a setting says, since every process needs it', async () => {
    const settings = { databaseUrl: 'postgres://db/x' };
    await expect(open(settings)).rejects.toMatchObject({ code: 'key-directory-missing' });
    const directory = join(data, 'shared');
    expect((await open({ ...settings, keyDirectory: directory })).store.directory).toBe(directory);
  });

  it('can have its root encrypted by a program in place of the master key', async () => {
    // Turns the bytes around: a service in whose place it is encrypts them.
    const program = `${process.execPath} --eval process.stdin.on('data',b=>process.stdout.write(Buffer.from(String(b),'base64').reverse().toString('base64')))`;
    const settings = { masterKey: undefined, rootKeyCommand: program };
    const encrypted = await (await open(settings)).encrypt('ada', 'text', '');
    expect(await (await open(settings)).decrypt('ada', encrypted, '')).toBe('text');
    const keys = await open(settings);
    const { epoch } = keys.store;
    expect(keys.store.rootKey).toMatchObject({ keeper: 'program' });
    await keys.store.rotate('rotation-1');
    expect(await readdir(join(data, 'keys'))).toEqual(['buckets', `root-${epoch + 1}`]);
    expect(await (await open(settings)).decrypt('ada', encrypted, '')).toBe('text');
    expect(await readdir(data)).toEqual(['keys']);
    await expect(open({ masterKey: undefined, rootKeyCommand: 'false' })).rejects.toMatchObject({
      code: 'root-key-command-failed',
    });
  });
});
