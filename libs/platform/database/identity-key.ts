import { createHmac } from 'node:crypto';
import type { Settings } from '../configuration/settings.js';
import { loadKey } from '../key-file.js';
import { StartFailure } from '../start-failure.js';
import type { DataSource } from './database.js';

export interface EventIdentity {
  /** The key of the ids that our own processes derive. */
  key: Buffer;
  /** The log's head when ids were first derived with the key: ids up to there may be those of an earlier version. */
  since: number;
}

interface IdentityRow {
  key_check: string;
  since: string;
}

/**
 * Loads the identity key and notes a check of it in the database at the first start.
 * @param head the log's head, for the first start
 * @throws StartFailure `identity-key-wrong` for another key than the database notes: it would enforce everything twice
 */
export async function openEventIdentity(
  dataSource: DataSource,
  settings: Pick<Settings, 'identityKey' | 'identityKeyFile' | 'databaseUrl' | 'data'>,
  head: () => Promise<number>,
): Promise<EventIdentity> {
  const noted = await read(dataSource);
  const place = { kind: 'identity', key: settings.identityKey, file: settings.identityKeyFile, isNew: !noted };
  const key = await loadKey(place, settings);
  const check = createHmac('sha256', key).update('gatehouse identity key v1').digest('hex');
  const { key_check, since } = noted ?? (await note(dataSource, check, await head()));
  if (key_check !== check) {
    throw new StartFailure(
      'identity-key-wrong',
      'the identity key differs from the one that this database was used with, so confirmed reviews would be enforced again: restore that one from your backup',
    );
  }
  return { key, since: Number(since) };
}

const read = async (dataSource: DataSource): Promise<IdentityRow | undefined> =>
  (await dataSource.query('SELECT key_check, since FROM platform.event_identity'))[0];

/** Of several processes the first one's key counts. */
async function note(dataSource: DataSource, check: string, head: number): Promise<IdentityRow> {
  await dataSource.query(
    'INSERT INTO platform.event_identity (key_check, since) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [check, head],
  );
  return (await read(dataSource))!;
}
