import type { Case } from './case.js';
import type { CaseEvent } from './events.js';
import type { GoldenAnswer, UNFLAGGED_ORIGINS } from './golden-events.js';
import type { SampleLikeness } from './sampling-events.js';

export interface OpenUnflagged {
  imageId: string;
  /** The account that generated the image, if it is known. */
  accountId?: string;
  origin: (typeof UNFLAGGED_ORIGINS)[number];
  /** As a flag would name them; of a case of the sample none, since no decision names what it shows. */
  categories: readonly string[];
  /** From 0 to 1, as a flag would have it; none of a case of the sample. */
  confidence?: number;
  /** The right answer of a golden case. */
  golden?: GoldenAnswer;
  /** What a case of the sample shows. */
  sample?: SampleLikeness;
  /** When the image was chosen; RFC 3339. */
  chosenAt: string;
  panelSize: number;
}

/**
 * Opens a case without a flag. To a reviewer it looks like one that a flag without a comment opened; what counts flags and
 * flaggers has none of it. A no-op if the image has a case, which a flag may have opened meanwhile.
 */
export function openUnflagged(state: Case, opening: OpenUnflagged): CaseEvent[] {
  if (state.round > 0) return [];
  const { imageId, accountId, origin, categories, confidence, golden, sample, chosenAt, panelSize } = opening;
  return [
    {
      type: 'CaseOpened',
      data: {
        caseId: imageId,
        imageId,
        ...(accountId !== undefined && { accountId }),
        round: 1,
        panelSize,
        categories: sorted(categories),
        ...(confidence !== undefined && { confidence }),
        hasComment: false,
        origin,
        ...(golden && { golden }),
        ...(sample && { sample: { ...sample, categories: sorted(sample.categories) } }),
        flaggedAt: chosenAt,
      },
    },
  ];
}

const sorted = (labels: readonly string[]): string[] => [...new Set(labels)].sort();
