import { count } from '../../http/openapi/answer-schemas.js';
import type { Exposed } from './exposure-reader.js';

export const exposureFields = {
  prompts: count('Prompts.'),
  comments: count('Comments of a case, which may be several.'),
  previews: count('Small blurred pictures, as lists show them.'),
  blurred: count('Images blurred and grey.'),
  grey: count('Images grey.'),
  full: count('Images in full.'),
  severe: count('Images of cases that name a clause of the highest severity, at any of these levels.'),
  breaks: count('Breaks that were recorded.'),
};

export const exposureExample = {
  prompts: 12,
  comments: 9,
  previews: 40,
  blurred: 0,
  grey: 20,
  full: 31,
  severe: 0,
  breaks: 2,
};

export const toExposure = (row: Exposed) => ({
  prompts: row.prompts,
  comments: row.comments,
  previews: row.images_previewed,
  blurred: row.images_blurred,
  grey: row.images_grey,
  full: row.images_full,
  severe: row.images_severe,
  breaks: row.breaks,
});
