import type { Pool } from '../../platform/database/database.js';
import { verifierText } from '../tlog/signed-note.js';
import type { PolicyWitness } from '../tlog/trust-policy.js';

type Queryable = Pick<Pool, 'query'>;

/** What is known of a witness, under the current name of the log. */
export interface WitnessRecord {
  /** Its key as `name+hash+key`. */
  verifier: string;
  name: string;
  /** The size that it cosigned last, as far as is known. */
  size: number;
  /** When it last cosigned, by its clock; null for never. */
  cosignedAt: Date | null;
  /** Why it did not cosign the last time; null if it did. */
  error: string | null;
  /** Why nothing is signed any more because of it; null if nothing speaks against it. */
  refusal: string | null;
}

/** Notes which witnesses count. Those that are no longer configured neither are asked nor keep anybody from signing. */
export async function storeWitnesses(
  db: Queryable,
  origin: string,
  witnesses: readonly PolicyWitness[],
): Promise<void> {
  const verifiers = witnesses.map(({ key }) => verifierText(key));
  await db.query('DELETE FROM proof.witnesses WHERE origin = $1 AND NOT verifier = ANY ($2)', [origin, verifiers]);
  await db.query(
    `INSERT INTO proof.witnesses (origin, verifier, name) SELECT $1, * FROM unnest($2::text[], $3::text[])
     ON CONFLICT (origin, verifier) DO UPDATE SET name = excluded.name`,
    [origin, verifiers, witnesses.map(({ name }) => name)],
  );
}

export async function witnessRecords(db: Queryable, origin: string): Promise<WitnessRecord[]> {
  const { rows } = await db.query(
    `SELECT verifier, name, size, cosigned_at AS "cosignedAt", error, refusal FROM proof.witnesses
     WHERE origin = $1 ORDER BY name`,
    [origin],
  );
  return rows.map((row) => ({ ...row, size: Number(row.size) }));
}

/** Why nothing may be signed under this name; undefined if nothing speaks against it. */
export async function refusalOf(db: Queryable, origin: string): Promise<string | undefined> {
  const { rows } = await db.query(
    'SELECT refusal FROM proof.witnesses WHERE origin = $1 AND refusal IS NOT NULL ORDER BY name LIMIT 1',
    [origin],
  );
  return rows[0]?.refusal;
}

type Key = readonly [origin: string, verifier: string];

export interface Cosignature {
  /** Of the checkpoint. */
  size: number;
  line: string;
  /** In seconds since 1970. */
  time: number;
}

/** A cosignature of all that the witness has seen: nothing speaks against the log any more. */
export async function storeCosignature(db: Queryable, key: Key, { size, line, time }: Cosignature): Promise<void> {
  await db.query(
    `INSERT INTO proof.cosignatures (origin, size, verifier, line) SELECT $1, $3, $2, $4
     WHERE EXISTS (SELECT FROM proof.checkpoints WHERE origin = $1 AND size = $3)
     ON CONFLICT (origin, size, verifier) DO UPDATE SET line = excluded.line`,
    [...key, size, line],
  );
  await db.query(
    `UPDATE proof.witnesses SET size = $3, cosigned_at = to_timestamp($4), error = NULL, refusal = NULL
     WHERE origin = $1 AND verifier = $2`,
    [...key, size, time],
  );
}

export async function storeWitnessSize(db: Queryable, key: Key, size: number): Promise<void> {
  await db.query('UPDATE proof.witnesses SET size = $3 WHERE origin = $1 AND verifier = $2', [...key, size]);
}

export async function storeWitnessError(db: Queryable, key: Key, error: string): Promise<void> {
  await db.query('UPDATE proof.witnesses SET error = $3 WHERE origin = $1 AND verifier = $2', [...key, error]);
}

/** From now on nothing is signed. */
export async function storeRefusal(db: Queryable, key: Key, refusal: string): Promise<void> {
  await db.query(
    'UPDATE proof.witnesses SET refusal = coalesce(refusal, $3), error = $3 WHERE origin = $1 AND verifier = $2',
    [...key, refusal],
  );
}
