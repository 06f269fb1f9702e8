import type { Case } from './case.js';
import type { CaseEvent } from './events.js';
import type { GoldenAnswer, UNFLAGGED_ORIGINS } from './golden-events.js';

export interface OpenUnflagged {
  imageId: string;
  /** The account that generated the image, if it is known. */
  accountId?: string;
  origin: (typeof UNFLAGGED_ORIGINS)[number];
  /** As a flag would name them. The decision on a case of the sample names none of them. */
  categories: readonly string[];
  /** Of a case of the sample: the queue that it waits in, whatever the rules say. */
  queue?: string;
  /** From 0 to 1, as a flag would have it. */
  confidence?: number;
  /** The right answer of a golden case. */
  golden?: GoldenAnswer;
  /** When the image was chosen; RFC 3339. */
  chosenAt: string;
  panelSize: number;
}

/**
 * Opens a case without a flag. To a reviewer it looks like one that a user's flag without a comment opened; what counts flags
 * and flaggers has none of it. A no-op if the image has a case, which a flag may have opened meanwhile.
 */
export function openUnflagged(state: Case, opening: OpenUnflagged): CaseEvent[] {
  if (state.round > 0) return [];
  const { imageId, accountId, origin, confidence, golden, queue, chosenAt, panelSize } = opening;
  const categories = [...new Set(opening.categories)].sort();
  const isSample = origin === 'sample';
  return [
    {
      type: 'CaseOpened',
      data: {
        caseId: imageId,
        imageId,
        ...(accountId !== undefined && { accountId }),
        round: 1,
        panelSize,
        categories: isSample ? [] : categories,
        ...(confidence !== undefined && { confidence }),
        hasComment: false,
        origin,
        ...(golden && { golden }),
        ...(isSample && { sample: { categories, ...(queue !== undefined && { queue }) } }),
        flaggedAt: chosenAt,
      },
    },
  ];
}
