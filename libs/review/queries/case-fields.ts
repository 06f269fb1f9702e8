import { Type } from 'typebox';
import { count, list, oneOf, orNull, text } from '../../http/openapi/answer-schemas.js';

/* What the answers about cases have in common. */

export const CASE_ID = 'The case; it has the id of its image.';

export const CASE_STATUSES = ['open', 'claimed', 'confirmed', 'dismissed'] as const;
export type CaseStatus = (typeof CASE_STATUSES)[number];

export const caseFields = {
  caseId: text('The case.'),
  imageId: text('The image; it has the same id.'),
  accountId: orNull(
    text('The account the image was made for, if it is known; while the case is open, flags may have said so.'),
  ),
  status: oneOf(CASE_STATUSES, 'Its status; a claim that has ended counts as none.'),
  round: count('1 for the first review of the image; a flag after a dismissal opens the next.'),
  panelSize: count('Distinct reviewers that decide.'),
  categories: list(Type.String(), 'What flags say is wrong; once confirmed, what was found.'),
};

export const verdictFields = {
  reviewer: text('Who.'),
  verdict: oneOf(['safe', 'unsafe', 'unsure'], 'What the reviewer thinks.'),
};
