import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { loadKey } from '../../platform/key-file.js';
import { programSigner } from './program-signer.js';
import { type ProofSigner, seedSigner } from './proof-signer.js';

type KeySettings = Pick<
  Settings,
  'proofKey' | 'proofKeyFile' | 'proofNextKey' | 'proofNextKeyFile' | 'proofSigner' | 'databaseUrl' | 'data'
>;

/** The file of a next key beside an embedded database, which is used if it is there. */
const NEXT_FILE = 'proof-next.key';

/**
 * The keys that may sign checkpoints, the one of a new log first. A key is made at the first start of an embedded database. None
 * beside a database of one's own if none is set: then nothing is signed, since each process would make another key.
 * @throws StartFailure
 */
export async function openProofSigners(pool: Pool, settings: KeySettings): Promise<ProofSigner[]> {
  const { proofSigner } = settings;
  const seeds = [await firstSeed(pool, settings), await nextSeed(settings)];
  const signers = seeds.flatMap((seed) => (seed ? [seedSigner(seed)] : []));
  return proofSigner === undefined ? signers : [...signers, await programSigner(proofSigner)];
}

async function firstSeed(pool: Pool, settings: KeySettings): Promise<Buffer | undefined> {
  const { proofKey, proofKeyFile, proofSigner, databaseUrl, data } = settings;
  const isSet = proofKey !== undefined || proofKeyFile !== undefined;
  if (!isSet && (databaseUrl || (proofSigner !== undefined && !existsSync(join(data, 'proof.key'))))) return undefined;
  const { rows } = await pool.query('SELECT EXISTS (SELECT FROM proof.keys) AS used');
  return loadKey({ kind: 'proof', key: proofKey, file: proofKeyFile, isNew: !rows[0].used }, settings);
}

async function nextSeed(settings: KeySettings): Promise<Buffer | undefined> {
  const { proofNextKey, proofNextKeyFile, databaseUrl, data } = settings;
  const beside = join(data, NEXT_FILE);
  const file = proofNextKeyFile ?? (!databaseUrl && existsSync(beside) ? beside : undefined);
  if (proofNextKey === undefined && file === undefined) return undefined;
  return loadKey({ kind: 'proof-next', key: proofNextKey, file }, settings);
}
