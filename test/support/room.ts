import type { StreamKind } from '../../libs/kernel/decider.js';
import { Refusal } from '../../libs/kernel/errors.js';

export type Place = { type: 'Taken' | 'Freed'; data: Record<string, never> };

/** A room with three places: the smallest stream whose decisions may be refused. */
export const room: StreamKind<number, Place> = {
  category: 'room',
  events: [{ type: 'Taken' }, { type: 'Freed' }],
  initial: 0,
  evolve: (taken, { type }) => taken + (type === 'Taken' ? 1 : -1),
};

/** @throws Refusal room-full */
export function take(taken: number): Place[] {
  if (taken === 3) throw new Refusal('room-full', 'all three places are occupied');
  return [{ type: 'Taken', data: {} }];
}

export const free = (): Place[] => [{ type: 'Freed', data: {} }];

export const roomRules = { version: () => 1, fault: () => undefined };
