import { expect } from '@jest/globals';
import { catalogue } from '../../apps/composition/catalogue.js';
import { Explanations } from '../../libs/history/queries/explain-event.js';
import type { TestGatehouse } from './gatehouse.js';
import { streamsOf, unshownReads } from './unshown-reads.js';
import { wholeLog } from './whole-log.js';

/** Of each type so many are made again without each event that they did not rest on, since that takes many more times as long. */
const TRIED_WITHOUT = 20;

/**
 * Expects that every decision in the log comes to what is stored when it is made again on its history, and that its explanation
 * shows what it rested on.
 * @returns by the type of its event, how many were made again
 */
export async function expectDecidedAgain({ runtime }: Pick<TestGatehouse, 'runtime'>): Promise<Map<string, number>> {
  const again = new Explanations(runtime.store, catalogue.contexts);
  const made = new Map<string, number>();
  const wrong: unknown[] = [];
  const unshown: unknown[] = [];
  const log = await wholeLog(runtime.store);
  const streams = streamsOf(log);
  for (const event of log) {
    const explanation = await again.of(event);
    if (!explanation) continue;
    made.set(event.type, (made.get(event.type) ?? 0) + 1);
    const { type, position, data, stream } = event;
    const { agrees, decided, rules } = explanation;
    const broken = rules.filter(({ outcome }) => outcome === 'broken');
    if (!agrees || broken.length > 0) wrong.push({ type, stream, position, data, decided, broken });
    if (made.get(type)! <= TRIED_WITHOUT)
      for (const one of await unshownReads(streams, event)) unshown.push({ type, position, restsOn: one });
  }
  expect(wrong).toEqual([]);
  expect(unshown).toEqual([]);
  expect(made.size).toBeGreaterThan(0);
  return made;
}
