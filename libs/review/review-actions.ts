import type { RecordedOf } from '../events/event-definition.js';
import type { ContentFlagged } from '../images/index.js';
import type { OpenCase } from './flag-decisions.js';

/** The name of the consumer that opens cases, and of its checkpoint. */
export const CASE_OPENING = 'case-opening';

export interface OpenCaseAction {
  kind: 'open-case';
  /** The id of the image. */
  caseId: string;
  /** Without the settings. */
  flag: Omit<OpenCase, 'panelSize' | 'confidenceStep' | 'hasPoorRecord'>;
}

/** Every flag is an action for the case of its image; the case decides whether it changes anything. */
export function nextReviewActions({
  id,
  data,
  metadata,
  position,
}: RecordedOf<typeof ContentFlagged>): OpenCaseAction[] {
  const { imageId, accountId, flaggedBy, flaggerKind, categories, confidence, comment } = data;
  const flag = {
    imageId,
    accountId,
    flagId: id,
    flaggedBy,
    flaggerKind,
    categories,
    confidence,
    hasComment: comment !== undefined,
    flaggedAt: metadata.time,
    position,
  };
  return [{ kind: 'open-case', caseId: imageId, flag }];
}
