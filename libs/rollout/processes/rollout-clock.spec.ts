import { describe, expect, it } from '@jest/globals';
import { eventRules } from '../../../test/support/event-rules.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { Transactor } from '../../event-store/transact.js';
import { DAY_MS, toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import type { Logger } from '../../platform/logging/logger.js';
import { changeRollout } from '../change-rollout.js';
import { rolloutStream } from '../rollout.js';
import { RolloutClock } from './rollout-clock.js';

const terms = { rateConfirmPercent: 200, ratePerWeekAlone: 5000 };
const CONTEXT: CommandContext = { actor: { kind: 'user', id: 'olga' }, correlationid: 'spec' };

/** A rollout whose rate of 10 is planned to become 15 in a day. Only its log is not the real one. */
async function planned() {
  const clock = { time: Date.parse('2022-05-18T09:00:00Z'), now: () => clock.time };
  const { events, store } = memoryLog();
  const transactor = () => new Transactor(store, timeOrderedIds(clock), clock, eventRules);
  const effectiveAt = toIso(clock.time + DAY_MS);
  const asking = { by: 'olga', now: clock.time, terms, newId: 'r-1' };
  const change = (perWeek: number, effectiveAt?: string) =>
    transactor().transact(rolloutStream, undefined, CONTEXT, (state) =>
      changeRollout(state, { does: 'set-rate', perWeek, reason: 'a test', effectiveAt }, asking),
    );
  await change(10);
  await change(15, effectiveAt);
  /** Of another process. */
  const rolloutClock = () => new RolloutClock(transactor(), clock, {} as Logger, terms);
  const rates = () => events.flatMap(({ type, data }) => (type === 'OnboardingRateSet' ? [data.perWeek] : []));
  return { clock, rolloutClock, rates, events };
}

describe('the clock of the rollout', () => {
  it('stores what is due, once, for any number of processes', async () => {
    const { clock, rolloutClock, rates, events } = await planned();
    clock.time += DAY_MS;
    await Promise.all([rolloutClock(), rolloutClock(), rolloutClock()].map((one) => one.tick()));
    await rolloutClock().tick();
    expect(rates()).toEqual([10, 15]);
    expect(events.at(-1)!.metadata.actor).toMatchObject({ kind: 'process', id: 'rollout-clock' });
    expect(events.at(-1)!.data).toMatchObject({ by: 'olga', changeId: 'r-1' });
  });

  it('stores nothing before its time, nor after the clock went back', async () => {
    const { clock, rolloutClock, rates } = await planned();
    clock.time += DAY_MS - 1;
    await rolloutClock().tick();
    expect(rates()).toEqual([10]);
    clock.time += 1;
    await rolloutClock().tick();
    clock.time -= 2 * DAY_MS;
    await rolloutClock().tick();
    expect(rates()).toEqual([10, 15]);
  });
});
