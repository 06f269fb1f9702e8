import { expect, it } from '@jest/globals';
import { eventRules } from '../../test/support/event-rules.js';
import { memoryLog } from '../../test/support/memory-log.js';
import { systemClock } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import type { JsonObject } from '../kernel/envelope.js';
import { timeOrderedIds } from '../kernel/ids.js';
import { BrokenDecision, Transactor } from './transact.js';

const cohorts: StreamKind<number, { type: string; data: JsonObject }> = {
  category: 'cohort',
  events: [{ type: 'CohortFilled' }],
  initial: 0,
  evolve: (count) => count + 1,
};
const context = { actor: { kind: 'service' as const, id: 'spec' }, correlationid: 'c-1' };
const filled = { type: 'CohortFilled', data: eventRules.definition('CohortFilled')!.example };

it.each([
  ['a field of the wrong type', { ...filled, data: { ...filled.data, cohortId: [] } }, '/cohortId must be string'],
  ['a field that it has not', { ...filled, data: { ...filled.data, at: 'noon' } }, '/at is not a field of this event'],
  ['a type that is not defined', { type: 'CohortEaten', data: {} }, 'belongs to no type that is defined'],
])('a decision whose second event has %s stores nothing', async (_, broken, message) => {
  const { store, events } = memoryLog();
  const transactor = new Transactor(store, timeOrderedIds(systemClock), systemClock, eventRules);
  const decided = transactor.transact(cohorts, 'a', context, () => [filled, broken]);
  await expect(decided).rejects.toThrow(BrokenDecision);
  await expect(decided).rejects.toThrow(message);
  expect(events).toEqual([]);
  // Nothing of it is kept in memory either.
  expect(await transactor.transact(cohorts, 'a', context, () => [filled])).toMatchObject({ state: 1, position: 1 });
});
