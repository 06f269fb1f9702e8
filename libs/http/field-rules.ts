import { applyDecorators } from '@nestjs/common';
import { IsISO8601, IsString, Matches, MaxLength, MinLength, ValidateIf } from 'class-validator';
import { EntityId, Label, Line, Name, PersonalText } from '../events/schemas.js';
import { INSTANT } from '../kernel/text-forms.js';

/** The field may be absent. Unlike IsOptional it does not take null, which no event holds. */
export const IfGiven = () => ValidateIf((_, value) => value !== undefined);

type TextSchema = { minLength?: number; maxLength: number; pattern: string };

/** What an event's text field requires, as rules of a DTO's field: both doors refuse the same. */
function fits(schema: object, message: string, each = false): PropertyDecorator {
  const { minLength, maxLength, pattern } = schema as TextSchema;
  return applyDecorators(
    IsString({ each }),
    ...(minLength === undefined ? [] : [MinLength(minLength, { each })]),
    MaxLength(maxLength, { each }),
    Matches(new RegExp(pattern, 'u'), { each, message }),
  );
}

const ID_FORM = 'must consist of letters, digits and . _ : ~ - and begin with a letter or digit';

export const IsEntityId = () => fits(EntityId(''), ID_FORM);

export const AreEntityIds = () => fits(EntityId(''), `each value in ${ID_FORM}`, true);

export const IsName = () =>
  fits(Name(''), 'must consist of letters, digits and . _ : / + - and begin with a letter or digit');

export const IsLabel = () => fits(Label(''), 'must be a lower-case label, like policy-breach');

export const AreLabels = () => fits(Label(''), 'each value in must be a lower-case label, like policy-breach', true);

export const IsLine = () => fits(Line(''), 'must be one line without control characters');

export const IsPersonalText = (maxLength: number) =>
  fits(PersonalText(maxLength, ''), 'must be text without control characters that does not begin with "sealed:"');

const INSTANT_FORM = 'must be a time with its offset, like 2022-05-18T09:00:00Z';

export const IsInstant = () =>
  applyDecorators(
    Matches(new RegExp(INSTANT), { message: INSTANT_FORM }),
    IsISO8601({ strict: true, strictSeparator: true }, { message: INSTANT_FORM }),
  );

/** The `{id}` of a path. */
export class IdParam {
  @IsEntityId()
  id!: string;
}
