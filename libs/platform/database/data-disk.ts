import { statfsSync } from 'node:fs';
import type { Settings } from '../configuration/settings.js';

/** What PostgreSQL needs at once to go on: a segment of its write-ahead log. */
const LEAST_BYTES = 16 * 1024 * 1024;

/** Whether the disk of the embedded database has no room for it to go on; never for a database that is elsewhere. */
export function isDiskFull({ databaseUrl, data }: Pick<Settings, 'databaseUrl' | 'data'>): boolean {
  if (databaseUrl) return false;
  try {
    const { bavail, bsize } = statfsSync(data);
    return bavail * bsize < LEAST_BYTES;
  } catch {
    return false; // nobody knows, then
  }
}
