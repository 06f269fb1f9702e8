import type { CaseJoined, CaseOpened } from '../review/index.js';

type Flag = { flaggedBy?: string; flaggerKind?: string };
const OPENED: (typeof CaseOpened)['type'] = 'CaseOpened';
const JOINED: (typeof CaseJoined)['type'] = 'CaseJoined';

/** Who has flagged an image in the current round of its case. */
export interface FlagSources {
  users: boolean;
  detectors: boolean;
}

export const NOBODY: FlagSources = { users: false, detectors: false };

/**
 * After an event of the case. A case that no flag opened, as one of the random sample, looks to reviewers as if a user had: the
 * kind that it shows is nobody's flag.
 */
export function flagSourcesAfter(before: FlagSources, { type, data }: { type: string; data: object }): FlagSources {
  if (type !== OPENED && type !== JOINED) return before;
  const { users, detectors } = type === OPENED ? NOBODY : before;
  const { flaggedBy, flaggerKind } = data as Flag;
  if (flaggedBy === undefined) return { users, detectors };
  return { users: users || flaggerKind === 'user', detectors: detectors || flaggerKind === 'detector' };
}
