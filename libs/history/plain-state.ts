import { toIso } from '../kernel/clock.js';

/** Fields of states that are times in epoch milliseconds, by their names. */
const TIME = /^(?:at|from|until|[a-zA-Z]+(?:At|Until))$/;
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(3000, 0, 1);

/** A state as plain JSON: sets and maps as lists, times as RFC 3339, nothing that is undefined. */
export function plainState(value: unknown, name = ''): unknown {
  if (typeof value === 'number') return isTime(name, value) ? toIso(value) : value;
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (Symbol.iterator in value) return [...(value as Iterable<unknown>)].map((one) => plainState(one, name));
  return Object.fromEntries(
    Object.entries(value).flatMap(([field, one]) => (one === undefined ? [] : [[field, plainState(one, field)]])),
  );
}

const isTime = (name: string, value: number): boolean =>
  Number.isInteger(value) && value > EARLIEST_MS && value < LATEST_MS && TIME.test(name);
