import { describe, expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { backupExpiry } from './backup-expiry.js';

const now = Date.UTC(2022, 4, 18);
const days = { keyBackupDays: 30, databaseBackupDays: 365 };
const at = (day: number) => toIso(now + day * DAY_MS);

describe('the date when no backup has destroyed keys any more', () => {
  it('is that of the key store, if the database never had keys', () => {
    expect(backupExpiry(now, undefined, days)).toEqual({ backupsExpireAt: at(30) });
  });

  it('is later while there may be backups of a database that had them, and names these', () => {
    expect(backupExpiry(now, now - 100 * DAY_MS, days)).toEqual({
      ...{ backupsExpireAt: at(265), databaseBackupsExpireAt: at(265) },
    });
    expect(backupExpiry(now, now - 350 * DAY_MS, days)).toEqual({
      ...{ backupsExpireAt: at(30), databaseBackupsExpireAt: at(15) },
    });
  });

  it('names no backups that have expired', () => {
    expect(backupExpiry(now, now - 365 * DAY_MS, days)).toEqual({ backupsExpireAt: at(30) });
  });
});
