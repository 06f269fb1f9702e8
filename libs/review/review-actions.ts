import type { RecordedOf } from '../events/event-definition.js';
import type { ContentFlagged } from '../images/index.js';
import type { OpenCase } from './review-decisions.js';

/** Names the consumer that opens cases, and its checkpoint. */
export const CASE_OPENING = 'case-opening';

export interface OpenCaseAction {
  kind: 'open-case';
  /** The id of the image. */
  caseId: string;
  /** To be completed with the panel size in force. */
  flag: Omit<OpenCase, 'panelSize'>;
}

/** Hands every flag to the case of its image, which decides what changes. */
export function nextReviewActions({
  id,
  data,
  metadata,
  position,
}: RecordedOf<typeof ContentFlagged>): OpenCaseAction[] {
  const { imageId, accountId, flaggedBy, categories } = data;
  const flag = { imageId, accountId, flagId: id, flaggedBy, categories, flaggedAt: metadata.time, position };
  return [{ kind: 'open-case', caseId: imageId, flag }];
}
