import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { memoryLog } from '../../test/support/memory-log.js';
import { systemClock } from '../kernel/clock.js';
import type { CommandContext } from '../kernel/command-context.js';
import type { StreamKind } from '../kernel/decider.js';
import { timeOrderedIds } from '../kernel/ids.js';
import { Transactor } from './transact.js';

type Counted = { type: 'Counted'; data: Record<string, never> };

const tally: StreamKind<number, Counted> = {
  category: 'tally',
  events: [{ type: 'Counted' }],
  initial: 0,
  evolve: (sum) => sum + 1,
};
const context = (eventId?: string): CommandContext => ({
  actor: { kind: 'service', id: 'spec' },
  correlationid: 'c-1',
  ...(eventId ? { eventId, eventType: 'Asked' } : {}),
});
const one: Counted[] = [{ type: 'Counted', data: {} }];

it('is the position of the last event that may have changed the state, which a no-op is not', async () => {
  const log = memoryLog();
  const transactorOn = () =>
    new Transactor(log.store, timeOrderedIds(systemClock), systemClock, { version: () => 1, fault: () => undefined });
  const [here, elsewhere] = [transactorOn(), transactorOn()];
  const seen: number[] = [];
  const decide = (events: Counted[]) => (_: number, __: undefined, changedAt: number) => {
    seen.push(changedAt);
    return events;
  };
  const first = await here.transact(tally, 'a', context(), decide(one));
  const noOp = await here.transact(tally, 'a', context(randomUUID()), decide([]));
  expect(noOp.position).toBeGreaterThan(first.position);
  for (const transactor of [here, elsewhere, transactorOn()])
    expect(await transactor.load(tally, 'a')).toMatchObject({ changedAt: first.position, position: noOp.position });
  const second = await elsewhere.transact(tally, 'a', context(), decide(one));
  expect(await here.load(tally, 'a')).toMatchObject({ changedAt: second.position, position: second.position });
  expect(seen).toEqual([0, first.position, first.position]);
  expect(await here.load(tally, 'none')).toMatchObject({ changedAt: 0, position: 0 });
});
