// biome-ignore lint/suspicious/noExplicitAny: JSON documents, whose form their validator checks
type Json = Record<string, any>;

/** What a value may be: of a request, the new schema must accept all of it; of an answer, it must promise all of it. */
type Direction = 'request' | 'answer';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
const SUCCESS = /^[23]/;
const TOO_DEEP = 12;

/**
 * What a client written for the old OpenAPI document may fail at, as docs/api/promise.md defines it. One line each, which
 * begins with the operation. Additions are no breaking change.
 */
export function breakingChanges(before: Json, after: Json): string[] {
  const changes: string[] = [];
  for (const [path, item] of Object.entries<Json>(before.paths)) {
    for (const method of METHODS.filter((one) => item[one])) {
      const key = `${method.toUpperCase()} ${path}`;
      const operation = after.paths[path]?.[method];
      if (!operation) changes.push(`${key}: the operation is gone`);
      else
        for (const change of operationChanges(item[method], operation, before, after))
          changes.push(`${key}: ${change}`);
    }
  }
  return [...new Set(changes)];
}

function operationChanges(was: Json, is: Json, before: Json, after: Json): string[] {
  const compare = new SchemaComparison(before, after);
  const changes: string[] = [];
  if (was.operationId !== is.operationId) changes.push(`its operationId ${was.operationId} is ${is.operationId}`);
  if (isOpen(was) && !isOpen(is)) changes.push('it needs a credential');
  const lost = roles(was).filter((role: string) => !roles(is).includes(role));
  if (lost.length > 0) changes.push(`it no longer admits the role ${lost.join(', ')}`);

  changes.push(...parameterChanges(byName(was.parameters), byName(is.parameters), compare));
  if (!was.requestBody && is.requestBody?.required) changes.push('a body is required');
  if (was.requestBody && !was.requestBody.required && is.requestBody?.required) changes.push('the body is required');
  if (was.requestBody) changes.push(...compare.contents(was.requestBody, is.requestBody, 'request', 'the body'));
  for (const [status, answer] of Object.entries<Json>(was.responses)) {
    if (!SUCCESS.test(status)) continue; // clients match problems on their type; a new one may replace another
    const now = is.responses[status];
    if (!now) changes.push(`it no longer answers ${status}`);
    else changes.push(...compare.contents(answer, now, 'answer', `the answer ${status}`));
  }
  return changes;
}

function parameterChanges(was: Map<string, Json>, is: Map<string, Json>, compare: SchemaComparison): string[] {
  const changes: string[] = [];
  for (const [name, parameter] of was) {
    const now = is.get(name);
    if (!now) {
      changes.push(`the ${name} is gone`);
      continue;
    }
    if (now.required && !parameter.required) changes.push(`the ${name} is required`);
    changes.push(...compare.schemas(parameter.schema, now.schema, 'request', `the ${name}`));
  }
  for (const [name, { required }] of is) {
    if (required && !was.has(name)) changes.push(`the ${name} is new and required`);
  }
  return changes;
}

const roles = (operation: Json): string[] => operation['x-gatehouse-roles'] ?? [];
const isOpen = ({ security = [{}] }: Json): boolean => security.some((one: Json) => Object.keys(one).length === 0);
const byName = (parameters: Json[] = []) => new Map(parameters.map((one) => [`${one.in} parameter ${one.name}`, one]));

class SchemaComparison {
  constructor(
    private readonly before: Json,
    private readonly after: Json,
  ) {}

  contents(was: Json, is: Json | undefined, direction: Direction, at: string): string[] {
    return Object.entries<Json>(was.content ?? {}).flatMap(([mediaType, { schema }]) => {
      const now = is?.content?.[mediaType];
      return now ? this.schemas(schema, now.schema, direction, at) : [`${at} is no longer ${mediaType}`];
    });
  }

  schemas(wasRef: Json, isRef: Json, direction: Direction, at: string, depth = 0): string[] {
    const was = resolved(wasRef, this.before);
    const is = resolved(isRef, this.after);
    if (
      depth > TOO_DEEP ||
      (JSON.stringify(wasRef) === JSON.stringify(isRef) && JSON.stringify(was) === JSON.stringify(is) && !hasRef(was))
    )
      return [];
    if (isUnion(was) || isUnion(is)) return this.unions(was, is, direction, at, depth);
    const [narrow, wide] = direction === 'request' ? [was, is] : [is, was];
    const changes = [...typeChanges(narrow, wide, at), ...this.memberChanges(was, is, direction, at, depth)];
    if (direction === 'request') changes.push(...limitChanges(was, is, at));
    if (was.items && is.items) changes.push(...this.schemas(was.items, is.items, direction, `${at}[]`, depth + 1));
    return changes;
  }

  /** Each alternative that may occur needs one that accepts it. */
  private unions(was: Json, is: Json, direction: Direction, at: string, depth: number): string[] {
    const alternatives = (one: Json): Json[] =>
      one.anyOf ?? one.oneOf ?? one.enum?.map((value: unknown) => ({ const: value })) ?? [one];
    const [given, accepting] = direction === 'request' ? [was, is] : [is, was];
    return alternatives(given).flatMap((one) => {
      const attempts = alternatives(accepting).map((other) =>
        direction === 'request'
          ? this.schemas(one, other, direction, at, depth + 1)
          : this.schemas(other, one, direction, at, depth + 1),
      );
      return attempts.sort((a, b) => a.length - b.length)[0]!;
    });
  }

  private memberChanges(was: Json, is: Json, direction: Direction, at: string, depth: number): string[] {
    const { properties: old = {}, required: oldRequired = [] } = was;
    const { properties: now = {}, required: nowRequired = [] } = is;
    const changes: string[] = [];
    for (const [name, schema] of Object.entries<Json>(old)) {
      if (now[name]) changes.push(...this.schemas(schema, now[name], direction, `${at}.${name}`, depth + 1));
      else if (direction === 'answer' || is.additionalProperties === false) changes.push(`${at}.${name} is gone`);
    }
    const [more, fewer, verb] =
      direction === 'request'
        ? [nowRequired, oldRequired, 'is required']
        : [oldRequired.filter((name: string) => now[name]), nowRequired, 'may be absent'];
    for (const name of more) if (!fewer.includes(name)) changes.push(`${at}.${name} ${verb}`);
    return changes;
  }
}

const isUnion = ({ anyOf, oneOf }: Json): boolean => anyOf !== undefined || oneOf !== undefined;

const hasRef = (schema: Json): boolean => JSON.stringify(schema).includes('"$ref"');

function resolved(schema: Json, document: Json): Json {
  if (typeof schema?.$ref !== 'string') return schema ?? {};
  const target = schema.$ref
    .slice(2)
    .split('/')
    .reduce((at: Json, name: string) => at[name], document);
  return resolved(target, document);
}

const kindOf = (value: unknown): string =>
  Number.isInteger(value) ? 'integer' : value === null ? 'null' : typeof value;

/** None: any. */
const types = ({ type, const: constant, enum: values }: Json): string[] =>
  [type ?? [...(values ?? []), ...(constant === undefined ? [] : [constant])].map(kindOf)].flat();

/** @param narrow whose values must be values of `wide` */
function typeChanges(narrow: Json, wide: Json, at: string): string[] {
  const known = types(wide);
  const isInteger = (type: string) => type === 'integer' && known.includes('number');
  const lost = types(narrow).filter((type) => !known.includes(type) && !isInteger(type));
  if (known.length > 0 && (lost.length > 0 || types(narrow).length === 0)) {
    return [
      `${at} has another type (${types(narrow).join(', ') || 'any'} where ${known.join(', ')} was or is expected)`,
    ];
  }
  return [];
}

const LOWER = ['minimum', 'minLength', 'minItems'];
const UPPER = ['maximum', 'maxLength', 'maxItems'];

/** What a request may no longer contain. */
function limitChanges(was: Json, is: Json, at: string): string[] {
  const changes: string[] = [];
  for (const name of LOWER)
    if (is[name] > (was[name] ?? Number.NEGATIVE_INFINITY)) changes.push(`${at} has ${name} ${is[name]}`);
  for (const name of UPPER)
    if (is[name] < (was[name] ?? Number.POSITIVE_INFINITY)) changes.push(`${at} has ${name} ${is[name]}`);
  // The width of an integer refuses no value: its limits do.
  for (const name of ['pattern', 'format'])
    if (is[name] !== undefined && is[name] !== was[name] && is[name] !== 'int64')
      changes.push(`${at} has another ${name}`);
  if (is.additionalProperties === false && was.additionalProperties !== false) changes.push(`${at} is closed`);
  const values = (one: Json): unknown[] | undefined => one.enum ?? (one.const === undefined ? undefined : [one.const]);
  const accepted = values(is);
  const lost = accepted && (values(was)?.filter((value) => !accepted.includes(value)) ?? ['any other']);
  if (lost && lost.length > 0) changes.push(`${at} no longer accepts ${lost.join(', ')}`);
  return changes;
}
