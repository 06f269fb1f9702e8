import type { Pool } from '../../platform/database/database.js';
import { parseCheckpoint } from '../tlog/checkpoint.js';
import { type NoteKey, openNote, UntrustedNote, verifierText } from '../tlog/signed-note.js';
import type { TrustPolicy } from '../tlog/trust-policy.js';

type Queryable = Pick<Pool, 'query'>;

/** A checkpoint as it was signed. */
export interface SignedCheckpoint {
  origin: string;
  size: number;
  root: Buffer;
  /** The signed note that is published. */
  note: string;
}

/**
 * For each hour that ended a day ago only the newest is kept, of those with the most cosignatures: a later one proves all that
 * the others did. The last one that a witness has signed is kept too: it proves what that witness has seen.
 */
const PRUNE = `
  DELETE FROM proof.checkpoints WHERE (origin, size) IN (
    SELECT origin, size FROM (
      SELECT origin, size,
        row_number() OVER (
          PARTITION BY origin, date_trunc('hour', signed_at)
          ORDER BY (SELECT count(*) FROM proof.cosignatures s WHERE s.origin = c.origin AND s.size = c.size) DESC, size DESC
        ) AS place
      FROM proof.checkpoints c WHERE signed_at < now() - interval '1 day'
    ) old WHERE place > 1)
  AND NOT EXISTS (SELECT FROM proof.witnesses w WHERE w.origin = checkpoints.origin AND w.size = checkpoints.size)`;

/** Something else was signed than what is stored: the log has been cut off or replaced. */
export class OtherRoot extends Error {
  constructor(origin: string, size: number) {
    super(
      `the signed checkpoint of ${origin} with ${size} leaves is not of the leaves that are stored: they were changed or cut ` +
        'off; nothing is signed until they are restored from a backup',
    );
    this.name = new.target.name;
  }
}

/** @throws OtherRoot; the caller's transaction must then not be committed */
export async function storeCheckpoint(db: Queryable, { origin, size, root, note }: SignedCheckpoint): Promise<void> {
  await db.query(
    'INSERT INTO proof.checkpoints (origin, size, root, note) VALUES ($1, $2, $3, $4) ON CONFLICT (origin, size) DO NOTHING',
    [origin, size, root, note],
  );
  const { rows } = await db.query('SELECT root FROM proof.checkpoints WHERE origin = $1 AND size = $2', [origin, size]);
  if (!root.equals(rows[0].root)) throw new OtherRoot(origin, size);
}

export async function pruneCheckpoints(db: Queryable): Promise<void> {
  await db.query(PRUNE);
}

/** The newest checkpoint of an origin. */
export async function newestCheckpoint(db: Queryable, origin: string): Promise<SignedCheckpoint | undefined> {
  const { rows } = await db.query(
    'SELECT origin, size, root, note FROM proof.checkpoints WHERE origin = $1 ORDER BY size DESC LIMIT 1',
    [origin],
  );
  return rows[0] && { ...rows[0], size: Number(rows[0].size) };
}

/** The checkpoint with the signatures of the witnesses that it has. */
async function withCosignatures(db: Queryable, checkpoint: SignedCheckpoint): Promise<SignedCheckpoint> {
  const { origin, size, note } = checkpoint;
  const { rows } = await db.query(
    'SELECT line FROM proof.cosignatures WHERE origin = $1 AND size = $2 ORDER BY verifier',
    [origin, size],
  );
  return { ...checkpoint, note: note + rows.map(({ line }) => line).join('') };
}

/** The newest checkpoint of an origin, with the cosignatures that it has. */
export async function publishedCheckpoint(db: Queryable, origin: string): Promise<SignedCheckpoint | undefined> {
  const newest = await newestCheckpoint(db, origin);
  return newest && withCosignatures(db, newest);
}

const COSIGNED = `SELECT origin, size, root, note FROM proof.checkpoints c WHERE origin = $1 AND size >= $2
  AND EXISTS (SELECT FROM proof.cosignatures s WHERE s.origin = c.origin AND s.size = c.size) ORDER BY size DESC LIMIT 50`;

/**
 * The checkpoint that proves the most: the newest that meets the quorum of the policy, or the newest with a cosignature, or the
 * newest.
 * @param least its size is at least that
 */
export async function provingCheckpoint(
  db: Queryable,
  origin: string,
  least: number,
  policy: TrustPolicy | undefined,
): Promise<SignedCheckpoint | undefined> {
  const { rows } = await db.query(COSIGNED, [origin, least]);
  let first: SignedCheckpoint | undefined;
  for (const row of rows) {
    const checkpoint = await withCosignatures(db, { ...row, size: Number(row.size) });
    first ??= checkpoint;
    if (policy && isMet(checkpoint, policy)) return checkpoint;
  }
  if (first) return first;
  const newest = await newestCheckpoint(db, origin);
  return newest && newest.size >= least ? newest : undefined;
}

/** The root of so many leaves that a witness has signed, by the signature that is stored. */
export async function rootSignedBy(
  db: Queryable,
  origin: string,
  size: number,
  witness: NoteKey,
): Promise<Buffer | undefined> {
  const { rows } = await db.query(
    `SELECT c.note, s.line FROM proof.checkpoints c JOIN proof.cosignatures s USING (origin, size)
     WHERE origin = $1 AND size = $2 AND verifier = $3`,
    [origin, size, verifierText(witness)],
  );
  if (!rows[0]) return undefined;
  try {
    const { text } = openNote(rows[0].note + rows[0].line, [witness]);
    return parseCheckpoint(text)?.root;
  } catch (error) {
    if (error instanceof UntrustedNote) return undefined;
    throw error;
  }
}

function isMet({ note }: SignedCheckpoint, { witnesses, isMet: met }: TrustPolicy): boolean {
  try {
    return met(
      openNote(
        note,
        witnesses.map(({ key }) => key),
      ).keys,
    );
  } catch (error) {
    if (error instanceof UntrustedNote) return false;
    throw error;
  }
}

/** The checkpoints of every origin from a size on, smallest first. */
export async function allCheckpoints(db: Queryable, from: number): Promise<SignedCheckpoint[]> {
  const { rows } = await db.query(
    'SELECT origin, size, root, note FROM proof.checkpoints WHERE size >= $1 ORDER BY size, origin',
    [from],
  );
  return rows.map((row) => ({ ...row, size: Number(row.size) }));
}
