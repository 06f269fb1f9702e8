import { DAY_MS, toIso } from '../kernel/clock.js';

/**
 * When the last backups have expired that may have the keys which are destroyed now.
 * @param formerKeysUntil until when the database had keys, in epoch milliseconds; undefined if it never had any
 */
export function backupExpiry(
  now: number,
  formerKeysUntil: number | undefined,
  { keyBackupDays, databaseBackupDays }: { keyBackupDays: number; databaseBackupDays: number },
): { backupsExpireAt: string; databaseBackupsExpireAt?: string } {
  const ofKeys = now + keyBackupDays * DAY_MS;
  if (formerKeysUntil === undefined) return { backupsExpireAt: toIso(ofKeys) };
  const ofDatabase = formerKeysUntil + databaseBackupDays * DAY_MS;
  if (ofDatabase <= now) return { backupsExpireAt: toIso(ofKeys) };
  return { backupsExpireAt: toIso(Math.max(ofKeys, ofDatabase)), databaseBackupsExpireAt: toIso(ofDatabase) };
}
