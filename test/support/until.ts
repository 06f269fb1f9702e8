import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 5;
const LONGEST_MS = 50;

/** Polls a condition that another process or a background task fulfils without a notification. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (let wait = FIRST_MS; !(await isSo()); wait = Math.min(wait * 2, LONGEST_MS)) await sleep(wait);
}
