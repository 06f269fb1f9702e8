import { isOf } from '../../events/event-definition.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { CaseJoined, CaseOpened, CaseReopened } from '../events.js';

export interface CaseScores {
  /** When the round began; RFC 3339. */
  openedAt: string;
  /** Whether anybody who flagged wrote a comment; null if flags of earlier releases don't say. */
  hasComments: boolean | null;
  categories: { category: string; flags: number; confidence: number | null }[];
}

/** What the flags of a case's current round say. A reopened round has those of the one before. */
export function scoresOf(history: readonly RecordedEvent[]): CaseScores {
  const from = history.findLastIndex((event) => isOf(CaseOpened, event));
  const begun = history.findLast((event) => isOf(CaseOpened, event) || isOf(CaseReopened, event));
  const flags = history.slice(Math.max(0, from)).flatMap((event): Said[] => {
    if (isOf(CaseOpened, event)) return [{ ...event.data, ...event.data.sample }];
    return isOf(CaseJoined, event) ? [event.data] : [];
  });
  const categories = [...new Set(flags.flatMap((flag) => flag.categories))].sort().map((category) => {
    const naming = flags.filter((flag) => flag.categories.includes(category));
    const confidences = naming.flatMap(({ confidence }) => confidence ?? []);
    const confidence = confidences.length > 0 ? Math.max(...confidences) : null;
    return { category, flags: naming.length, confidence };
  });
  return { openedAt: begun!.metadata.time, hasComments: hasComments(flags), categories };
}

/** What a flag says, or what a case of the sample shows instead of one. */
interface Said {
  categories: string[];
  confidence?: number;
  hasComment?: boolean;
}

function hasComments(flags: readonly { hasComment?: boolean }[]): boolean | null {
  if (flags.some(({ hasComment }) => hasComment)) return true;
  return flags.some(({ hasComment }) => hasComment === undefined) ? null : false;
}
