import { applyDecorators, type Type as Class } from '@nestjs/common';
import { Query } from '@nestjs/cqrs';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsInt,
  IsNumber,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { EntityId, Label, Line, Name, PersonalText, Prose } from '../events/schemas.js';
import { toIso } from '../kernel/clock.js';
import { FORM_RULES, hasVisibleCharacter, INSTANT, isDay, isInstant, parseInstant } from '../kernel/text-forms.js';
import { InvalidAddress, mailboxOf } from '../platform/personal-data/mailbox.js';
import { MAX_MOMENT_LENGTH, MOMENT_FORM, MOMENT_RULE } from './moment.js';

/**
 * What a field means, for the documentation. The rules below take it as their first argument, as the events' schemas do.
 * A field has one JSONSchema: a second one would replace the first.
 */
export const Means = (description: string) => JSONSchema({ description }) as PropertyDecorator;

/** The field may be absent. Unlike IsOptional it rejects null, which no event contains. */
export const IfGiven = () => ValidateIf((_, value) => value !== undefined);

type TextSchema = { minLength?: number; maxLength: number; pattern: string };

/** The rules of an event's string field for a field of a request body, so that both refuse the same values. */
function fits(schema: object, description: string, each = false): PropertyDecorator {
  const { minLength, maxLength, pattern } = schema as TextSchema;
  const message = `${each ? 'each value ' : ''}must ${FORM_RULES.get(pattern)}`;
  return applyDecorators(
    IsString({ each }),
    ...(minLength === undefined ? [] : [MinLength(minLength, { each })]),
    MaxLength(maxLength, { each }),
    Matches(new RegExp(pattern, 'u'), { each, message }),
    Means(description),
  );
}

/** A position or a time as of which the answer is; `momentOf` parses it. */
export const IsMoment = () =>
  applyDecorators(
    MaxLength(MAX_MOMENT_LENGTH),
    Matches(MOMENT_FORM, { message: MOMENT_RULE }),
    Means('A position or a time (RFC 3339): only events stored by then are included.'),
  );

export const IsEntityId = (description: string) => fits(EntityId(''), description);

/** An id that other ids are made of. */
export const IsShortId = (description: string) => fits({ ...EntityId(''), maxLength: 64 }, description);

export const AreEntityIds = (description: string) => fits(EntityId(''), description, true);

export const IsName = (description: string) => fits(Name(''), description);

export const AreNames = (description: string) => fits(Name(''), description, true);

export const IsLabel = (description: string) => fits(Label(''), description);

export const AreLabels = (description: string) => fits(Label(''), description, true);

/** A line with something to see in it. */
const isVisibleLine = (blank: string, description: string) =>
  applyDecorators(
    ValidateBy({
      name: 'isVisibleLine',
      validator: {
        validate: (value) => typeof value === 'string' && hasVisibleCharacter(value),
        defaultMessage: (given) => (['string', 'undefined'].includes(typeof given?.value) ? blank : 'must be a string'),
      },
    }),
    MinLength(1, { message: blank }),
    fits(Line(''), description),
  );

/** Why somebody does something, in one line. Every field for it has this rule, or is a label. */
export const IsReason = (description: string) => isVisibleLine('must not be blank: say why', description);

export const IsTitle = (description: string) => isVisibleLine('must not be blank', description);

export const IsPersonalText = (maxLength: number, description: string) =>
  fits(PersonalText(maxLength, ''), description);

export const IsProse = (maxLength: number, description: string) => fits(Prose(maxLength, ''), description);

/** An e-mail address that names a mailbox. */
export const IsMailbox = (description: string) =>
  applyDecorators(
    ValidateBy({
      name: 'isMailbox',
      validator: {
        validate: (value) => typeof value === 'string' && addressFault(value) === undefined,
        defaultMessage: (given) => (typeof given?.value === 'string' && addressFault(given.value)) || NO_ADDRESS,
      },
    }),
    MaxLength(254),
    IsString(),
    JSONSchema({ description, format: 'email' }) as PropertyDecorator,
  );

const NO_ADDRESS = 'must be an e-mail address, like ada@example.org';

function addressFault(address: string): string | undefined {
  try {
    mailboxOf(address);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidAddress) return error.message;
    throw error;
  }
}

export const IsInteger = (description: string, minimum: number, maximum: number) =>
  applyDecorators(Max(maximum), Min(minimum), IsInt(), Means(description));

/** A number that need not be an integer. */
export const IsWithin = (description: string, minimum: number, maximum: number) =>
  applyDecorators(Max(maximum), Min(minimum), IsNumber(), Means(description));

/** What a list answered as `nextCursor`; whether it is of that list, the list itself finds out. */
export const IsCursor = (description: string) =>
  applyDecorators(
    Matches(/^[A-Za-z0-9_-]+$/, { message: 'must be the nextCursor of an earlier answer' }),
    MaxLength(1_000),
    IsString(),
    Means(description),
  );

export const IsFlag = (description: string) => applyDecorators(IsBoolean(), Means(description));

/** An array of distinct values; further rules apply to each value. */
export const IsSet = (minimum: number, maximum: number) =>
  applyDecorators(
    ArrayUnique({ message: 'must have no value twice' }),
    ArrayMaxSize(maximum),
    ...(minimum > 0 ? [ArrayMinSize(minimum)] : []),
    IsArray(),
  );

/** Begins the reference to a nested class in the schema of a field. */
export const NESTED = 'nested:';

/** ValidateNested alone passes over an array in an array, whatever is in it. */
const areObjects = ValidateBy({
  name: 'areObjects',
  validator: {
    validate: (value) => Array.isArray(value) && value.every(isObject),
    defaultMessage: () => 'must contain objects only',
  },
});

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An array of objects, each by the rules of a class. */
export const AreObjects = (each: Class, minimum: number, maximum: number, description: string) =>
  applyDecorators(
    areObjects,
    ValidateNested({ each: true }),
    Type(() => each),
    ArrayMaxSize(maximum),
    ArrayMinSize(minimum),
    IsArray(),
    JSONSchema({
      ...{ type: 'array', minItems: minimum, maxItems: maximum, description },
      items: { $ref: NESTED + each.name },
    }) as PropertyDecorator,
  );

const INSTANT_FORM = 'must be a time with its offset, like 2022-05-18T09:00:00Z';

/** A time, which its handler receives in UTC, as `Date.toISOString` writes it, so that `Date.parse` reads it. */
export const IsInstant = (description: string) =>
  applyDecorators(
    Transform(({ value }) => (typeof value === 'string' && isInstant(value) ? toIso(parseInstant(value)!) : value)),
    Matches(new RegExp(INSTANT), { message: INSTANT_FORM }),
    ValidateBy({
      name: 'isInstant',
      validator: {
        validate: (value) => typeof value === 'string' && isInstant(value),
        defaultMessage: () => INSTANT_FORM,
      },
    }),
    JSONSchema({ description, format: 'date-time' }) as PropertyDecorator,
  );

const DAY_FORM = 'must be a day, like 2022-05-18';

export const IsDay = (description: string) =>
  applyDecorators(
    ValidateBy({
      name: 'isDay',
      validator: { validate: (value) => typeof value === 'string' && isDay(value), defaultMessage: () => DAY_FORM },
    }),
    JSONSchema({ description, type: 'string', format: 'date' }) as PropertyDecorator,
  );

/** The `{id}` of a path. */
export class IdParam {
  @IsEntityId('The id.')
  id!: string;
}

/** A query whose only field is the `{id}` of its route's path. */
export abstract class IdQuery<Answer> extends Query<Answer> {
  @IsEntityId('The id.')
  id!: string;
}
