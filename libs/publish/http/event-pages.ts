import { flag, position } from '../../http/openapi/answer-schemas.js';

/* What pages of events have in common. */

export const EVENT_TYPES = 'Event types, separated by commas.';

export const pageFields = {
  next: position('Give it as `after` for the next page.'),
  atHead: flag('Whether nothing more is there for now.'),
};
