import type { Pool } from '../../platform/database/database.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { type NoteKey, parseVerifier, verifierText } from '../tlog/signed-note.js';
import { treeState } from './stored-tree.js';

type Queryable = Pick<Pool, 'query'>;

export interface LogKey {
  origin: string;
  /** `name+hash+key` */
  verifier: string;
  since: Date;
  /** When it stops to sign, since another one was put in its place; null for the current one. */
  until: Date | null;
  /** Whether it has stopped. */
  isOver: boolean;
}

/** Every key that signs or has signed, the newest first. */
export async function logKeys(db: Queryable): Promise<LogKey[]> {
  return (
    await db.query(`SELECT origin, verifier, since, until, coalesce(until <= now(), false) AS "isOver" FROM proof.keys
         ORDER BY since DESC, verifier`)
  ).rows;
}

/** The keys that sign for an origin now: several while one takes the place of another. */
export async function activeKeys(db: Queryable, origin: string): Promise<string[]> {
  const { rows } = await db.query(
    'SELECT verifier FROM proof.keys WHERE origin = $1 AND (until IS NULL OR until > now()) ORDER BY since, verifier',
    [origin],
  );
  return rows.map(({ verifier }) => verifier);
}

/** The keys that processes have and that do not sign for the origin: each may take the place of the current one. */
export async function offeredKeys(db: Queryable, origin: string): Promise<string[]> {
  const { rows } = await db.query(
    `SELECT verifier FROM proof.offered_keys o WHERE origin = $1
       AND NOT EXISTS (SELECT FROM proof.keys k WHERE k.verifier = o.verifier) ORDER BY verifier`,
    [origin],
  );
  return rows.map(({ verifier }) => verifier);
}

/**
 * Notes the keys that this process has. An origin without a key gets those that signed under the last name of the log, or the first
 * that has not been replaced; any other one signs only once somebody has put it in the place of the current one.
 */
export async function introduceKeys(pool: Pool, origin: string, keys: readonly NoteKey[]): Promise<void> {
  await inTransaction(pool, async (client) => {
    await treeState(client, 'FOR UPDATE');
    const known = await logKeys(client);
    if (!known.some((key) => key.origin === origin)) {
      for (const { key, until } of firstKeys(known, keys))
        await client.query('INSERT INTO proof.keys (verifier, origin, until) VALUES ($1, $2, $3)', [
          verifierText(key),
          origin,
          until,
        ]);
    }
    await client.query('DELETE FROM proof.offered_keys WHERE origin <> $1', [origin]);
    await client.query(
      'INSERT INTO proof.offered_keys (verifier, origin) SELECT v, $2 FROM unnest($1::text[]) v ON CONFLICT DO NOTHING',
      [keys.map(verifierText), origin],
    );
  });
}

/** Keys are the same under each name of the log; only their text differs. */
function firstKeys(known: readonly LogKey[], keys: readonly NoteKey[]): { key: NoteKey; until: Date | null }[] {
  const last = new Map<string, LogKey>();
  for (const one of known) {
    const raw = parseVerifier(one.verifier)?.raw.toString('hex');
    if (raw !== undefined && !last.has(raw)) last.set(raw, one);
  }
  const placed = keys.map((key) => ({ key, before: last.get(key.raw.toString('hex')) }));
  const going = placed.filter(({ before }) => before && !before.isOver);
  if (going.length > 0) return going.map(({ key, before }) => ({ key, until: before!.until }));
  const first = placed.find(({ before }) => !before);
  return first ? [{ key: first.key, until: null }] : [];
}

/** @returns when the current keys stop to sign */
export async function replaceKeys(
  pool: Pool,
  origin: string,
  { verifier, overlapHours }: { verifier: string; overlapHours: number },
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await treeState(client, 'FOR UPDATE');
    await client.query(
      `UPDATE proof.keys SET until = now() + make_interval(hours => $3)
       WHERE origin = $1 AND verifier <> $2 AND until IS NULL`,
      [origin, verifier, overlapHours],
    );
    await client.query('INSERT INTO proof.keys (verifier, origin) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      verifier,
      origin,
    ]);
  });
}
