import { InvalidInput } from '../kernel/errors.js';
import type { GivenVerdict, Verdict } from './case.js';

/* A model's problem is held against nobody, but its image may be one that nobody should see. */

/** @throws InvalidInput */
export function refuseWithholding({ verdict, withhold }: { verdict: Verdict; withhold?: boolean | undefined }): void {
  if (!withhold || verdict === 'model-problem') return;
  const message = 'is for a model-problem verdict only: an unsafe one withholds the image anyway; leave it out';
  throw new InvalidInput([{ field: '/withhold', message }]);
}

/** Whether a strict majority of those who found a problem of the model want its image withheld. */
export function isWithheldBy(verdicts: readonly GivenVerdict[]): boolean {
  const found = verdicts.filter(({ verdict }) => verdict === 'model-problem');
  return found.filter(({ withhold }) => withhold).length * 2 > found.length;
}
