import { Type } from 'typebox';
import { NO_CONTROL, POSITION } from '../../kernel/text-forms.js';
import { ACCESS_ACTIONS } from '../decide-access.js';
import { DENY_REASONS } from './decision-point.js';
import { MAX_EVALUATIONS, MAX_TEXT, SEMANTICS } from './evaluation-request.js';

/* What evaluation-request.ts reads, and what is answered, as JSON Schemas: the AuthZEN Authorization API 1.0. */

const REASONS = [
  'The rule that denies.',
  '`decision-point-stale`: what it rests on may be older than the staleness that is allowed, or is not there yet.',
  '`image-parked`: something told of the image could not be taken into its read model, which is to be mended and rebuilt.',
].join(' ');

const text = (description: string) =>
  Type.String({ minLength: 1, maxLength: MAX_TEXT, pattern: NO_CONTROL, description });
const properties = Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Further facts.' }));

const subject = Type.Object(
  {
    type: text('`account`; for the action review, `reviewer`, which the caller answers for.'),
    id: text('The account or the reviewer.'),
    properties,
  },
  { description: 'Who wants to do it.' },
);
const action = Type.Object(
  { name: text(`One of ${ACCESS_ACTIONS.join(', ')}; any other is denied.`), properties },
  { description: 'What is to be done.' },
);
const resource = Type.Object(
  {
    type: text('`image`, `case` or `product`.'),
    id: text('The image for share, the case for review; for other actions it decides nothing.'),
    properties: Type.Optional(
      Type.Object(
        {
          photorealistic: Type.Optional(Type.Boolean({ description: 'Whether it could be taken for a photograph.' })),
          faces: Type.Optional(Type.Boolean({ description: 'Whether it shows faces of people.' })),
        },
        { description: 'Of an image; a restriction that either they or its ImageGenerated names holds.' },
      ),
    ),
  },
  { description: 'What it is to be done with.' },
);
const context = Type.Optional(
  Type.Object(
    {
      minPosition: Type.Optional(
        Type.Union([Type.String({ pattern: POSITION }), Type.Integer({ minimum: 0 })], {
          description: 'Position of a write that must be taken into account, as that write answered it.',
        }),
      ),
    },
    { description: 'Circumstances.' },
  ),
);

export const EvaluationRequest = Type.Object(
  { subject, action, resource, context },
  { description: 'May this subject do this with this resource, now?' },
);

const part = {
  subject: Type.Optional(subject),
  action: Type.Optional(action),
  resource: Type.Optional(resource),
  context,
};

export const EvaluationsRequest = Type.Object(
  {
    ...part,
    evaluations: Type.Optional(
      Type.Array(Type.Object(part), {
        maxItems: MAX_EVALUATIONS,
        description: 'The questions; what they leave out is taken from the top.',
      }),
    ),
    options: Type.Optional(
      Type.Object(
        {
          evaluations_semantic: Type.Optional(
            Type.Enum([...SEMANTICS], {
              description: 'Whether the first deny or permit ends it; execute_all by default.',
            }),
          ),
        },
        { description: 'How they are answered.' },
      ),
    ),
  },
  { description: 'Several questions; without `evaluations` the top is the one question.' },
);

export const EvaluationAnswer = Type.Object(
  {
    decision: Type.Boolean({ description: 'True: permitted.' }),
    context: Type.Object(
      {
        position: Type.String({
          pattern: POSITION,
          description: 'How far the log is known to the decision point.',
        }),
        reason: Type.Optional(Type.Enum([...DENY_REASONS], { description: REASONS })),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false, description: 'The decision; a deny says why.' },
);

export const EvaluationsAnswer = Type.Object(
  { evaluations: Type.Array(EvaluationAnswer, { description: 'In the order of the questions.' }) },
  { additionalProperties: false },
);
