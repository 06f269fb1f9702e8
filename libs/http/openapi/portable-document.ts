import { portablePattern } from '../../kernel/text-forms.js';

/** How a map with any keys is written; generators of clients know only `additionalProperties`. */
const ANY_KEY = '^.*$';

/** A document as JSON has it, without names of parts, in the keywords and patterns that other tools read. */
export const portableDocument = (document: unknown) =>
  JSON.parse(
    JSON.stringify(document, (name, value) => {
      if (name === '$id') return undefined;
      if (name === 'pattern' && typeof value === 'string') return portablePattern(value);
      if (isBareEnum(value)) return { type: 'string', ...value };
      if (isLarge(value)) return { ...value, format: 'int64' };
      if (value?.patternProperties?.[ANY_KEY] === undefined) return value;
      const { patternProperties, ...rest } = value;
      return { ...rest, additionalProperties: patternProperties[ANY_KEY] };
    }),
  );

const MAX_INT32 = 2 ** 31 - 1;

/** Generators of clients read integers without a format as 32 bits wide. */
const isLarge = (value: { type?: unknown; maximum?: unknown; format?: unknown } | undefined): boolean =>
  value?.type === 'integer' && value.format === undefined && Number(value.maximum ?? MAX_INT32) > MAX_INT32;

/** Generators of clients read values without a type as any. */
const isBareEnum = (value: { enum?: unknown; type?: unknown } | undefined): boolean =>
  Array.isArray(value?.enum) && value.type === undefined && value.enum.every((one) => typeof one === 'string');
