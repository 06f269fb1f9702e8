import type { JsonSchema } from './request-schemas.js';

export interface SchemaRow {
  /** `items[].caseId` */
  path: string;
  type: string;
  required: boolean;
  description: string;
}

const DEEPEST = 4;

/** The fields of a schema, one row each, parents before children. */
export function schemaRows(
  schema: JsonSchema,
  resolve: (ref: string) => JsonSchema,
  path = '',
  depth = 0,
): SchemaRow[] {
  const { properties = {}, required = [] } = fieldsOf(schema, resolve);
  return Object.entries(properties).flatMap(([name, property]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const row = {
      path: at,
      type: typeText(property, resolve),
      required: required.includes(name),
      description: property.description ?? '',
    };
    const inner = fieldsOf(property, resolve);
    const below = inner.properties && depth < DEEPEST;
    return [row, ...(below ? schemaRows(inner, resolve, isArray(property, resolve) ? `${at}[]` : at, depth + 1) : [])];
  });
}

/** The object behind references, arrays and `… or null`. */
function fieldsOf(schema: JsonSchema, resolve: (ref: string) => JsonSchema): JsonSchema {
  const bare = nonNull(schema, resolve);
  return bare.type === 'array' ? fieldsOf(bare.items as JsonSchema, resolve) : bare;
}

const isArray = (schema: JsonSchema, resolve: (ref: string) => JsonSchema) => nonNull(schema, resolve).type === 'array';

function nonNull(schema: JsonSchema, resolve: (ref: string) => JsonSchema): JsonSchema {
  if (typeof schema.$ref === 'string') return nonNull(resolve(schema.$ref), resolve);
  const [only, ...others] = ((schema.anyOf ?? []) as JsonSchema[]).filter(({ type }) => type !== 'null');
  return only && others.length === 0 ? nonNull(only, resolve) : schema;
}

/** A type for readers: `string, 1 to 200 characters`, `one of safe, unsafe`, `array of object`. */
export function typeText(schema: JsonSchema, resolve: (ref: string) => JsonSchema): string {
  if (typeof schema.$ref === 'string') return typeText(resolve(schema.$ref), resolve);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return `one of ${schema.enum.join(', ')}`;
  if (Array.isArray(schema.anyOf)) {
    return [...new Set((schema.anyOf as JsonSchema[]).map((one) => typeText(one, resolve)))].join(' or ');
  }
  if (schema.type === 'array') return `array of ${typeText((schema.items ?? {}) as JsonSchema, resolve)}`;
  const { minLength, maxLength, minimum, maximum, format } = schema;
  const from = minLength ?? minimum;
  const to = maxLength ?? maximum;
  const bounds =
    to === undefined || to === Number.MAX_SAFE_INTEGER ? from && `at least ${from}` : `${from ?? 0} to ${to}`;
  const unit = schema.type === 'string' && bounds ? `${bounds} characters` : bounds;
  return [format ?? schema.type ?? 'any', format === 'date-time' || format === 'uuid' ? '' : unit]
    .filter(Boolean)
    .join(', ');
}
