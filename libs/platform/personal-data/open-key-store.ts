import { hkdfSync } from 'node:crypto';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import type { Clock } from '../../kernel/clock.js';
import { decrypt } from '../aes-gcm.js';
import type { Settings } from '../configuration/settings.js';
import type { Pool } from '../database/database.js';
import { inTransaction } from '../database/in-transaction.js';
import { keyPath } from '../key-file.js';
import { DAMAGED, FORGOTTEN, type Key } from '../key-store/bucket.js';
import { KeyStore, type KeyStoreParts } from '../key-store/key-store.js';
import { KEY_BYTES, type NamedKeys } from '../key-store/root-file.js';
import { type RootKey, rootKeyBehind, rootKeyFrom } from '../key-store/root-key.js';
import { RootKeyFile } from '../key-store/root-key-file.js';
import { REWRITE_FORMER } from '../key-store/schema.js';
import { explainFailure, StartFailure } from '../start-failure.js';
import { openMasterKey } from './master-key.js';

type KeySettings = Pick<
  Settings,
  'masterKey' | 'masterKeyFile' | 'databaseUrl' | 'data' | 'keyDirectory' | 'rootKeyCommand'
>;

const LOCK = `SELECT pg_advisory_xact_lock(hashtextextended('key-store', 7))`;
const HAS_FORMER = `
  SELECT EXISTS (SELECT FROM platform.former_keys)
      OR EXISTS (SELECT FROM platform.address_key WHERE wrapped_key IS NOT NULL) AS former`;

const NOTE_MOVED = 'UPDATE platform.key_store SET former_keys_until = now()';

/** Until when the database had keys, as backups of that time have; undefined if it never had any. */
export async function formerKeysUntil(pool: Pick<Pool, 'query'>): Promise<number | undefined> {
  const { rows } = await pool.query('SELECT former_keys_until FROM platform.key_store');
  return (rows[0]?.former_keys_until as Date | null | undefined)?.getTime();
}

/**
 * Opens the key store of this database, and makes it at the first start. Moves the keys of an earlier version, which are in
 * the database, into it.
 * @throws StartFailure `key-directory-missing`, `key-store-missing`, `key-store-other`, `master-key-wrong`
 */
export async function openKeyStore(
  dataSource: DataSource,
  pool: Pool,
  settings: KeySettings,
  clock: Clock,
): Promise<KeyStore> {
  const directory = settings.keyDirectory ?? join(settings.data, 'keys');
  if (settings.databaseUrl && settings.keyDirectory === undefined) {
    throw new StartFailure(
      'key-directory-missing',
      'GATEHOUSE_KEY_DIRECTORY is not set, but GATEHOUSE_DATABASE_URL is: set it to a directory that every process of that database shares and that is never lost, since nobody can decrypt personal data without it',
    );
  }
  const [{ former: hasFormer }] = await dataSource.query(HAS_FORMER);
  const needsMaster = settings.rootKeyCommand === undefined || hasFormer;
  const masterKey = needsMaster ? await openMasterKey(dataSource, settings, directory) : undefined;
  const rootKey = rootKeyOf(settings, masterKey);
  const parts: KeyStoreParts = {
    directory,
    rootKey,
    clock,
    exclusively: (work) =>
      inTransaction(pool, async (client) => {
        await client.query(LOCK);
        return work();
      }),
  };
  const former = hasFormer ? await formerKeys(dataSource, masterKey!) : undefined;
  const store = await parts
    .exclusively(() => openNoted(dataSource, parts, former?.named ?? {}))
    .catch((error) => {
      throw (error as NodeJS.ErrnoException).syscall ? explainFailure(directory, error) : error;
    });
  if (former) {
    await store.move(former.people);
    const moved = [...former.people].flatMap(([person, key]) => (key === DAMAGED ? [] : [person]));
    if (moved.length > 0 || former.named.addresses) await removeFormer(pool, moved);
  }
  return store;
}

/**
 * Removes keys from the database. The tables get new files: a row that is deleted or updated stays in the old one. Only then no
 * backup of the database can have them any more.
 */
async function removeFormer(pool: Pool, moved: readonly string[]): Promise<void> {
  await inTransaction(pool, async (client) => {
    // At once: processes that start together would wait for one another.
    await client.query('LOCK TABLE platform.former_keys, platform.address_key');
    await client.query('DELETE FROM platform.former_keys WHERE person = ANY($1::text[])', [moved]);
    await client.query('UPDATE platform.address_key SET wrapped_key = NULL');
    for (const rewrite of REWRITE_FORMER) await client.query(rewrite);
    // If the process ends before the date is noted again, this one is early by an instant.
    await client.query(NOTE_MOVED);
  });
  await pool.query(NOTE_MOVED);
}

function rootKeyOf(
  { rootKeyCommand, masterKey, masterKeyFile, data }: KeySettings,
  loaded: Buffer | undefined,
): RootKey {
  if (rootKeyCommand) return rootKeyBehind(rootKeyCommand);
  if (masterKey) return rootKeyFrom(masterKey);
  return new RootKeyFile(keyPath('master', masterKeyFile, data), loaded!);
}

async function openNoted(dataSource: DataSource, parts: KeyStoreParts, named: Partial<NamedKeys>): Promise<KeyStore> {
  const [noted] = await dataSource.query('SELECT store_id FROM platform.key_store');
  const found = await KeyStore.open(parts);
  if (!found && noted) {
    throw new StartFailure(
      'key-store-missing',
      `there is no key store in ${parts.directory}, but this database was used with the store ${noted.store_id}: set GATEHOUSE_KEY_DIRECTORY to its directory, which every process needs, or restore the newest copy of it`,
    );
  }
  const store = found ?? (await KeyStore.create(parts, named));
  const isOther = noted ? noted.store_id !== store.id : named.addresses?.equals(store.named.addresses) === false;
  if (isOther) {
    throw new StartFailure(
      'key-store-other',
      `the key store in ${parts.directory} is ${store.id}, but this database was used with ${noted?.store_id ?? 'other keys'}: set GATEHOUSE_KEY_DIRECTORY to the directory of that store`,
    );
  }
  if (!noted) await dataSource.query('INSERT INTO platform.key_store (store_id) VALUES ($1)', [store.id]);
  return store;
}

interface FormerKeys {
  people: Map<string, Key>;
  named: Partial<NamedKeys>;
}

/** The keys that an earlier version stored in the database, encrypted by the master key. @throws StartFailure */
async function formerKeys(dataSource: DataSource, masterKey: Buffer): Promise<FormerKeys> {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', masterKey, '', purpose, KEY_BYTES));
  const wrapping = derive('gatehouse subject keys v1');
  const rows: { person: string; wrapped_key: Buffer | null }[] = await dataSource.query(
    'SELECT person, wrapped_key FROM platform.former_keys',
  );
  const people = new Map<string, Key>(
    rows.map(({ person, wrapped_key }) => [
      person,
      wrapped_key === null ? FORGOTTEN : (unwrapped(wrapping, wrapped_key, person) ?? DAMAGED),
    ]),
  );
  const [address] = await dataSource.query(
    'SELECT wrapped_key FROM platform.address_key WHERE wrapped_key IS NOT NULL',
  );
  const addresses = address && unwrapped(derive('gatehouse address key v1'), address.wrapped_key, 'address key');
  // Once keys were moved, only damaged ones are left, and the root of the store shows whether the master key is right.
  const isFirst = !(await dataSource.query('SELECT FROM platform.key_store')).length;
  const isWrong = address ? !addresses : [...people.values()].every((key) => key === DAMAGED);
  if (isFirst && isWrong) {
    throw new StartFailure(
      'master-key-wrong',
      'the master key differs from the one that encrypted the keys in this database: restore that one from your backup',
    );
  }
  return { people, named: { hashing: derive('gatehouse keyed hash v1'), ...(addresses && { addresses }) } };
}

function unwrapped(wrapping: Buffer, wrapped: Buffer, place: string): Buffer | undefined {
  try {
    return decrypt(wrapping, wrapped, place);
  } catch {
    return undefined;
  }
}
