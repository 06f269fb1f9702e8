import type { Pool } from '../../platform/database/database.js';
import type { LogFault } from './log-faults.js';
import { type LogToVerify, type Verification, type VerifyOptions, verifyLog } from './verify-log.js';

type Queryable = Pick<Pool, 'query'>;

/** What verifications with the keys of the database have found so far. */
export interface VerificationRecord {
  /** When the last one of all events ended that found nothing altered, and the last one at all; null for never. */
  fullAt: Date | null;
  intactAt: Date | null;
  /** What was altered, until a verification of all events finds nothing; absent if nothing was. */
  fault?: Pick<LogFault, 'kind' | 'detail'> & { position: number | null };
}

/** Verifies, and records the result for the metrics if it rests on the keys that the database has. */
export async function recordedVerification(log: LogToVerify, options: VerifyOptions): Promise<Verification> {
  const result = await verifyLog(log, options);
  // Keys of a caller may be wrong, which is no fault of the log.
  if (!options.trusted) await recordVerification(log.pool, result.fault, options.isFull);
  return result;
}

/** An alteration that was found stays recorded until all events have been compared: only then it is known to be gone. */
async function recordVerification(db: Queryable, fault: LogFault | undefined, isFull: boolean): Promise<void> {
  await db.query('UPDATE proof.verifications SET ended_at = now()');
  if (isFull) await db.query('UPDATE proof.verifications SET full_ended_at = now()');
  if (fault) {
    await db.query(
      `UPDATE proof.verifications SET fault = coalesce(fault, $1), detail = coalesce(detail, $2),
         position = CASE WHEN fault IS NULL THEN $3 ELSE position END`,
      [fault.kind, fault.detail, fault.position ?? null],
    );
    return;
  }
  await db.query('UPDATE proof.verifications SET intact_at = now()');
  if (isFull)
    await db.query('UPDATE proof.verifications SET full_at = now(), fault = NULL, detail = NULL, position = NULL');
}

export async function verificationRecord(db: Queryable): Promise<VerificationRecord> {
  const { rows } = await db.query('SELECT intact_at, full_at, fault, detail, position FROM proof.verifications');
  const [{ intact_at: intactAt, full_at: fullAt, fault: kind, detail, position }] = rows;
  if (kind === null) return { intactAt, fullAt };
  return { intactAt, fullAt, fault: { kind, detail, position: position === null ? null : Number(position) } };
}

/** Which verification is due by the database's time: of all events, of those since the last one, or none. */
export async function dueVerification(
  db: Queryable,
  { everyMinutes, fullEveryHours }: { everyMinutes: number; fullEveryHours: number },
): Promise<'full' | 'further' | undefined> {
  const { rows } = await db.query(
    `SELECT $2 > 0 AND coalesce(full_ended_at <= now() - make_interval(hours => $2), true) AS full,
       $1 > 0 AND coalesce(ended_at <= now() - make_interval(mins => $1), true) AS further
     FROM proof.verifications`,
    [everyMinutes, fullEveryHours],
  );
  const [{ full, further }] = rows;
  return full ? 'full' : further ? 'further' : undefined;
}
