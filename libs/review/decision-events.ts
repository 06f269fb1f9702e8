import { Type } from 'typebox';
import { Count, EntityId, Source } from '../events/schemas.js';
import { MAX_ID_LENGTH } from '../kernel/text-forms.js';

/* What the events of a decision say of those who took it. */

/** Two systems may have reviewers of one name. */
export const reviewerSource = Type.Optional(
  Source(
    'The system whose reviewers these are: the source of an event from outside, whatever that says itself. Absent for ours.',
  ),
);
const reviewerSources = Type.Optional(
  Type.Array(Type.String({ maxLength: MAX_ID_LENGTH, format: 'uri-reference' }), {
    maxItems: 99,
    description:
      'If the reviewers are of several systems: the system of each, in the order of `reviewers`; empty for one of ours.',
  }),
);
export const votes = Type.Object(
  {
    safe: Count('Votes.'),
    unsafe: Count('Votes.'),
    unsure: Count('Votes.'),
    modelProblem: Type.Optional(Count('Votes of `model-problem`; absent for none.')),
  },
  { additionalProperties: false, description: 'The votes of the reviewers.' },
);

export const deciding = {
  reviewerSource,
  reviewers: Type.Optional(
    Type.Array(EntityId('A reviewer.'), {
      maxItems: 99,
      description:
        'Who decided. Required from another system: nobody who flagged the image or owns it may be among them.',
    }),
  ),
  reviewerSources,
};
