import { setTimeout as sleep } from 'node:timers/promises';

const ALIKE_AFTER_MS = 200;

/** Settles after the same time whatever comes of it, so that the time of an answer reveals nothing about a person. */
export async function alikeInTime<Result>(work: Promise<Result>): Promise<PromiseSettledResult<Result>> {
  const [outcome] = await Promise.allSettled([work, sleep(ALIKE_AFTER_MS)]);
  return outcome;
}
