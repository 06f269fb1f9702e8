import { expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../kernel/errors.js';
import { type WriteResult } from '../event-store.js';
import { newEvent } from '../sample-events.contract.js';
import { AppendQueue } from './append-queue.js';

const AWAY = new StoreUnavailable('away');
const settled = async (all: Promise<unknown>[]) =>
  (await Promise.allSettled(all)).map((one) => (one.status === 'rejected' ? one.reason : 'done'));

it('rejects waiting appends together without sending them', async () => {
  const sent: string[] = [];
  const queue: AppendQueue = new AppendQueue(async (jobs) => {
    sent.push(...jobs.flatMap(({ writes }) => writes.map(({ stream }) => stream)));
    await Promise.resolve();
    if (sent.length > 1) for (const job of jobs) job.resolve([{ outcome: 'wrong-expected-revision', actual: 1 }]);
    else {
      for (const job of jobs) job.reject(AWAY);
      queue.refuseWaiting(AWAY);
    }
  });
  const push = (stream: string): Promise<WriteResult[]> =>
    queue.push([{ stream, expected: 'any', events: [newEvent()] }]);
  // Writes to one stream never overlap: two of these wait.
  expect(await settled([push('a'), push('a'), push('a')])).toEqual([AWAY, AWAY, AWAY]);
  expect(sent).toEqual(['a']);
  expect(await settled([push('b')])).toEqual(['done']);
});
