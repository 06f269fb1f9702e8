import { type Static, Type } from 'typebox';
import { closed } from '../../http/openapi/answer-schemas.js';
import { GIVEN_POSITION, NO_CONTROL, POSITION } from '../../kernel/text-forms.js';
import { ACCESS_ACTIONS } from '../decide-access.js';
import { DENY_REASONS } from '../decision-point/decision-point.js';
import { MAX_EVALUATIONS, MAX_TEXT, SEMANTICS } from '../decision-point/evaluation-request.js';

/* The AuthZEN Authorization API 1.0 as JSON Schemas: the requests that evaluation-request.ts parses, and the answers. */

/** Not an enumeration: a client that was generated from one would fail at a reason that is added. */
const REASONS = [
  `The rule that denies, one of ${DENY_REASONS.join(', ')}; others may be added.`,
  '`decision-point-stale`: the state behind the decision may be older than the allowed staleness, or is not loaded yet.',
  '`generate-suspended` and the like: an operator suspended the action for everyone, or for the cohort of the account; `GET /v1/switches` shows it.',
  '`share-restricted` and `generate-restricted`: the action was denied to this account for a time; `GET /v1/accounts/{id}` shows it.',
  '`image-withheld`: a violation was confirmed in the image, or a problem of the model for which it is withheld; nobody may share, download or flag it until it is restored.',
  '`not-image-owner`: the image is another account’s.',
  '`evaluation-invalid`: the question of a batch is not valid; see `error`.',
  '`account-unreadable`: an event of the account can’t be read, and may have deactivated it; an operator can reinstate it.',
  '`policy-unreadable`: an event of the content policy can’t be read; a version that is published now, without grace days, ends that.',
  '`image-parked`: an event of the image could not be applied to its read model; fix the cause and rebuild the view.',
  '`face-sharing-restricted`: the image looks like a photograph of people with faces, and the rule about that is in force; `GET /v1/image-rules` shows it.',
  '`image-facts-unknown`: nobody reported whether it does, or whose image it is, within the time to wait for that; report the image with ImageGenerated, or name `photorealistic` and `faces` in the question.',
  '`case-parked`: a flag of the image could not be processed; fix the cause, then the reactor retries it.',
].join(' ');

const text = (description: string) =>
  Type.String({ minLength: 1, maxLength: MAX_TEXT, pattern: NO_CONTROL, description });
const properties = Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Further facts.' }));

const subject = Type.Object(
  {
    type: text('`account`; for the action review, `reviewer`, whom the caller vouches for.'),
    id: text('The account or the reviewer.'),
    properties,
  },
  { $id: 'Subject', description: 'Who wants to do it.' },
);
const action = Type.Object(
  { name: text(`One of ${ACCESS_ACTIONS.join(', ')}; any other is denied.`), properties },
  { $id: 'Action', description: 'The action.' },
);
const resource = Type.Object(
  {
    type: text('`image`, `case` or `product`.'),
    id: text('The image for share, download and flag, the case for review; other actions ignore it.'),
    properties: Type.Optional(
      Type.Object(
        {
          photorealistic: Type.Optional(
            Type.Boolean({ description: 'Whether it could be mistaken for a photograph.' }),
          ),
          faces: Type.Optional(Type.Boolean({ description: 'Whether it shows faces of people.' })),
        },
        { description: 'Facts of an image; a restriction applies if they or its ImageGenerated event meet it.' },
      ),
    ),
  },
  { $id: 'Resource', description: 'The resource that the action concerns.' },
);
const context = Type.Optional(
  Type.Object(
    {
      minPosition: Type.Optional(
        Type.Union([Type.String({ pattern: GIVEN_POSITION }), Type.Integer({ minimum: 0 })], {
          description:
            'Position from a write receipt; the decision waits until it includes that write. With its epoch, `EPOCH-digits`, it is refused after a restore of the log.',
        }),
      ),
    },
    { $id: 'QuestionContext', description: 'Circumstances.' },
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
        description: 'The questions; fields that they omit come from the top level.',
      }),
    ),
    options: Type.Optional(
      Type.Object(
        {
          evaluations_semantic: Type.Optional(
            Type.Enum([...SEMANTICS], {
              description:
                'When the evaluation ends: after the first deny, after the first permit or after all; execute_all by default.',
            }),
          ),
        },
        { description: 'How the questions are answered.' },
      ),
    ),
  },
  { description: 'Several questions; without `evaluations` the top level is the only question.' },
);

export const EvaluationAnswer = Type.Object(
  {
    decision: Type.Boolean({ description: 'True: permitted.' }),
    context: Type.Object(
      {
        position: Type.String({
          pattern: POSITION,
          description: 'The log position that the decision point has reached.',
        }),
        reason: Type.Optional(Type.String({ description: REASONS })),
        decisionId: Type.Optional(
          Type.String({
            format: 'uuid',
            description:
              'If the decision is in the sample that is recorded: its id, for `GET /v1/audit/decisions/{id}`.',
          }),
        ),
        error: Type.Optional(
          closed(
            {
              status: Type.Integer({ description: 'The HTTP status that the question alone would have.' }),
              message: Type.String({
                description: 'Every wrong field, as a JSON Pointer into the batch, and the remedy.',
              }),
            },
            'Why a question of a batch could not be evaluated.',
          ),
        ),
      },
      { additionalProperties: false },
    ),
  },
  { $id: 'Evaluation', additionalProperties: false, description: 'The decision; a deny has a reason.' },
);
export type EvaluationAnswer = Static<typeof EvaluationAnswer>;

export const EvaluationsAnswer = Type.Object(
  { evaluations: Type.Array(EvaluationAnswer, { description: 'In the order of the questions.' }) },
  { $id: 'EvaluationBatch', additionalProperties: false },
);
export type EvaluationsAnswer = Static<typeof EvaluationsAnswer>;
