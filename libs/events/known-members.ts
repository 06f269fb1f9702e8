import type { TSchema } from 'typebox';

type Schema = TSchema & {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: unknown;
};

/**
 * A copy of a value without the members that its schema does not know.
 * @param left collects what was left out
 */
export function knownMembers(schema: Schema, value: unknown, left: unknown[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { items, properties, additionalProperties } = schema;
  if (Array.isArray(value)) return items ? value.map((item) => knownMembers(items, item, left)) : value;
  if (!properties || additionalProperties !== false) return value;
  const known: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    if (Object.hasOwn(properties, name)) known.push([name, knownMembers(properties[name]!, member, left)]);
    else left.push({ [name]: member });
  }
  return Object.fromEntries(known);
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/**
 * The name of a member that could change other objects of a program which merges this one: `__proto__`, or `constructor`
 * with a `prototype`.
 */
export function forbiddenName(object: object): string | undefined {
  if (Object.hasOwn(object, '__proto__')) return '__proto__';
  if (!Object.hasOwn(object, 'constructor')) return undefined;
  const member: unknown = object.constructor;
  return isObject(member) && Object.hasOwn(member, 'prototype') ? 'constructor.prototype' : undefined;
}

/** The same in a value of any depth. */
export function forbiddenNameWithin(value: unknown): string | undefined {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (!isObject(next)) continue;
    const name = forbiddenName(next);
    if (name) return name;
    for (const member of Object.values(next)) left.push(member);
  }
  return undefined;
}
