import { statfsSync } from 'node:fs';
import type { Settings } from '../configuration/settings.js';

/** PostgreSQL allocates its write-ahead log in segments of this size. */
const SEGMENT_BYTES = 16 * 1024 * 1024;

/** True if the embedded database can't allocate its next segment; always false for an external database. */
export function isDiskFull({ databaseUrl, data }: Pick<Settings, 'databaseUrl' | 'data'>): boolean {
  if (databaseUrl) return false;
  try {
    const { bavail, bsize } = statfsSync(data);
    return bavail * bsize < SEGMENT_BYTES;
  } catch {
    return false; // unknown
  }
}
