import type { Rollout } from '../rollout.js';

/** What commands about the rate edit: an admission changes nothing that they set. */
export const ROLLOUT = { what: () => 'the rollout', changedAt: ({ changedAt }: Rollout) => changedAt };
