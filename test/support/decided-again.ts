import { expect } from '@jest/globals';
import { catalogue } from '../../apps/composition/catalogue.js';
import { Explanations } from '../../libs/history/queries/explain-event.js';
import type { TestGatehouse } from './gatehouse.js';
import { wholeLog } from './whole-log.js';

/**
 * Expects that every decision in the log comes to what is stored when it is made again on its history.
 * @returns by the type of its event, how many were made again
 */
export async function expectDecidedAgain({ runtime }: Pick<TestGatehouse, 'runtime'>): Promise<Map<string, number>> {
  const again = new Explanations(runtime.store, catalogue.contexts);
  const made = new Map<string, number>();
  const wrong: unknown[] = [];
  for (const event of await wholeLog(runtime.store)) {
    const explanation = await again.of(event);
    if (!explanation) continue;
    made.set(event.type, (made.get(event.type) ?? 0) + 1);
    const { type, position, data, stream } = event;
    const { agrees, decided, rules } = explanation;
    const broken = rules.filter(({ outcome }) => outcome === 'broken');
    if (!agrees || broken.length > 0) wrong.push({ type, stream, position, data, decided, broken });
  }
  expect(wrong).toEqual([]);
  expect(made.size).toBeGreaterThan(0);
  return made;
}
