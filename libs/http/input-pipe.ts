import { type ArgumentMetadata, Injectable, type Type, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { type InvalidField, InvalidInput } from '../kernel/errors.js';
import { isOptionalBody } from './optional-body.js';

const MAX_DEPTH = 32;
/** Of a whole body: class-transformer compares each member of an object with all before it. */
const MAX_VALUES = 2_000;
const NO_FIELD = 'is not a field of this request';
/**
 * Rules about the type of a value, whose message is the one that helps if the type is wrong: what else is refused follows from
 * it. The order of decorators does not decide that, since class-validator's differs from that of the source.
 */
const TYPE_RULES = [
  'isVisibleLine',
  'isMailbox',
  'isInstant',
  'isDay',
  'isArray',
  'areObjects',
  'isString',
  'isInt',
  'isBoolean',
];

/** Validates DTOs by their class-validator rules; reports all invalid and unknown fields at once. */
@Injectable()
export class InputPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      transform: true,
      exceptionFactory: (errors) => new InvalidInput(errors.flatMap((error) => fieldsOf(error, ''))),
    });
  }

  override async transform(given: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    const mayBeAbsent = type === 'body' && metatype !== undefined && isOptionalBody(metatype);
    const value = given === undefined && mayBeAbsent ? {} : given;
    if (type === 'body' && metatype && this.toValidate(metadata)) {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw new InvalidInput([{ field: '', message: 'the body must be a JSON object' }]);
      const excess = excessOf(value);
      if (excess) throw new InvalidInput([{ field: '', message: `the body ${excess}` }]);
    }
    try {
      if (metatype && this.toValidate(metadata)) refuseHidden(value, metatype);
      return await super.transform(value, metadata);
    } catch (error) {
      if (type === 'body' || !(error instanceof InvalidInput)) throw error;
      throw new InvalidInput(
        error.errors.map(({ field, message }) => {
          const name = field.slice(1);
          // DELETE too has its parameters there: who sent them in a body would look for the mistake in their value.
          const isMissing = type === 'query' && !Object.hasOwn(Object(value), name);
          return {
            field: name,
            message: isMissing ? `${message} (a query parameter, not a member of the body)` : message,
          };
        }),
      );
    }
  }
}

/** Nest drops the name `prototype`, and class-transformer passes over those of methods: the rules would not see them. */
function refuseHidden(value: unknown, { prototype }: Type): void {
  const hidden = Object.keys(value ?? {}).filter((field) => field === 'prototype' || field in prototype);
  if (hidden.length > 0) throw new InvalidInput(hidden.map((field) => ({ field: `/${field}`, message: NO_FIELD })));
}

function fieldsOf({ property, constraints, children = [] }: ValidationError, parent: string): InvalidField[] {
  const field = `${parent}/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`; // RFC 6901
  const broken = Object.keys(constraints ?? {});
  const rule = TYPE_RULES.find((one) => broken.includes(one)) ?? broken[0];
  // Members of what is no array at all.
  const inner = rule === 'isArray' ? [] : children.flatMap((child) => fieldsOf(child, field));
  if (rule === undefined) return inner;
  const message = rule === 'whitelistValidation' ? NO_FIELD : ownWords(constraints![rule]!, property);
  return [{ field, message }, ...inner];
}

/** A message of class-validator without the field, which the problem names beside it. */
const ownWords = (message: string, property: string): string =>
  message
    .replace(`each value in ${property} `, 'each value ')
    .replace(`${property} `, '')
    .replace(/\b1 (element|character)s\b/, '1 $1');

/** Level by level, since recursion would overflow the stack on a deep body. */
function excessOf(value: object): string | undefined {
  let level: object[] = [value];
  let values = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
    const inner = level.flatMap((one) => Object.values(one));
    values += inner.length;
    if (values > MAX_VALUES) return `has more than ${MAX_VALUES} values`;
    level = inner.filter((one) => typeof one === 'object' && one !== null);
  }
  return undefined;
}
