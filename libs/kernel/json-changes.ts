import { sortedJson } from './canonical-json.js';

/** A change of a JSON value: the value at a path (a JSON Pointer) before and after; absent where there was or is none. */
export interface JsonChange {
  path: string;
  before?: unknown;
  after?: unknown;
}

/** What differs between two plain values, in the order of the paths. */
export function changesBetween(before: unknown, after: unknown, path = ''): JsonChange[] {
  if (before !== undefined && after !== undefined && sortedJson(before) === sortedJson(after)) return [];
  if (!isRecord(before) || !isRecord(after))
    return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => changesBetween(before[name], after[name], `${path}/${pointerPart(name)}`));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A name as a part of a JSON Pointer (RFC 6901). */
export const pointerPart = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
