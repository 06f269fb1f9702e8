import { Type } from 'typebox';
import { count, list, oneOf, orNull, text } from '../../http/openapi/answer-schemas.js';

/* Fields shared by the answers about cases. */

export const CASE_ID = 'The case; it has the id of its image.';

export const CASE_STATUSES = ['open', 'claimed', 'confirmed', 'dismissed'] as const;
export type CaseStatus = (typeof CASE_STATUSES)[number];

export const caseFields = {
  caseId: text('The case.'),
  imageId: text('The image; it has the same id.'),
  accountId: orNull(
    text('The account that generated the image, if known; while the case is open, flags may have reported it.'),
  ),
  status: oneOf(CASE_STATUSES, 'The status; `open` also for a claimed case whose lease has ended.'),
  round: count('1 for the first review of the image; a flag after a dismissal opens the next round.'),
  panelSize: count('The number of distinct reviewers whose verdicts decide.'),
  categories: list(Type.String(), 'The categories that flags name; once confirmed, those of the violation.'),
};

export const verdictFields = {
  reviewer: text('The reviewer.'),
  source: Type.Optional(text('The system of a reviewer who is not ours.')),
  verdict: oneOf(['safe', 'unsafe', 'unsure'], 'The verdict.'),
};
