import type { Client } from './gatehouse.js';
import { until } from './until.js';

/** Resolves once every consumer has processed everything stored. */
export async function caughtUp(reader: Client): Promise<void> {
  let before = '';
  await until(async () => {
    const { head, consumers } = (await reader.get('/v1/status')).body;
    const isDone = consumers.length > 0 && consumers.every((one: { behind: number }) => one.behind === 0);
    const isSame = isDone && head === before;
    before = isDone ? head : '';
    return isSame;
  });
}
