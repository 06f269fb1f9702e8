import { type TObject, type TSchema, Type } from 'typebox';
import { POSITION } from '../../kernel/text-forms.js';
import { PROBLEM_TYPES } from '../problem.js';

/* The building blocks of answers. */

export const closed = <Properties extends Parameters<typeof Type.Object>[0]>(
  properties: Properties,
  description?: string,
) => Type.Object(properties, { additionalProperties: false, ...(description ? { description } : {}) });

export const text = (description: string) => Type.String({ description });
export const count = (description: string) => Type.Integer({ minimum: 0, description });
export const flag = (description: string) => Type.Boolean({ description });
export const instant = (description: string) => Type.String({ format: 'date-time', description });
export const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
export const list = <Schema extends TSchema>(items: Schema, description: string) => Type.Array(items, { description });
export const oneOf = <const Values extends readonly string[]>(values: Values, description: string) =>
  Type.Unsafe<Values[number]>({ type: 'string', enum: [...values], description });
export const position = (description: string) => Type.String({ pattern: POSITION, description });

export const actor = closed(
  {
    kind: oneOf(['user', 'service', 'process'], 'What kind of actor.'),
    id: text('The person, the service or the process.'),
    role: Type.Optional(text('The role that was used.')),
    token: Type.Optional(text('The id of the token that was used.')),
  },
  'Who caused it.',
);

export const history = list(
  closed({
    position: position('Place in the log.'),
    type: text('Type of the event.'),
    time: instant('When it happened.'),
    actor,
  }),
  'The events so far, oldest first.',
);

/** A list's answer. */
export const page = <Schema extends TSchema>(item: Schema, description: string) =>
  closed({
    items: list(item, description),
    nextCursor: Type.Optional(text('Pass it as `cursor` for the next page; absent on the last page.')),
    position: Type.Optional(position('It includes every event up to here.')),
  });

export const problemSchema: TObject = Type.Object(
  {
    type: Type.String({ format: 'uri', description: `\`${PROBLEM_TYPES}\` and the code; match on this.` }),
    title: text('The code as a readable title.'),
    status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status.' }),
    detail: text('What was wrong, with which value, and what to do.'),
    errors: Type.Optional(
      list(
        closed({
          field: text('JSON Pointer into the body, or the name of a parameter.'),
          message: text('What is wrong.'),
        }),
        'Every wrong field, for `invalid-input`.',
      ),
    ),
    changedBy: Type.Optional(
      closed(
        {
          kind: text('What kind of actor.'),
          id: text('The person, the service or the process.'),
          role: Type.Optional(text('The role that was used.')),
        },
        'Who made the last change, for `changed-meanwhile`.',
      ),
    ),
    changedAt: Type.Optional(instant('When they made it.')),
    change: Type.Optional(text('The type of the event of that change.')),
    incident: Type.Optional(text('The id of an unexpected error in the server’s log.')),
  },
  { description: 'RFC 9457. Some codes have further members.' },
);

export const problemExample = {
  type: `${PROBLEM_TYPES}invalid-input`,
  title: 'Invalid input',
  status: 400,
  detail: '/perWeek must not be less than 0',
  errors: [{ field: '/perWeek', message: 'must not be less than 0' }],
};
