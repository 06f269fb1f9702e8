import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FEW_EVENTS } from '../../kernel/fact-limits.js';
import { newEvent } from '../sample-events.contract.js';
import { AppendQueue } from './append-queue.js';

const SMALL = 1;
const BATCH = FEW_EVENTS + 1;
const all = Array.from({ length: BATCH }, () => newEvent());
const eventsOf = (count: number) => all.slice(0, count);
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('sends the writes of a stream one by one, once and in order, small ones and batches alike', async () => {
  const job = fc.record({
    streams: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 2 }),
    size: fc.constantFrom(SMALL, BATCH),
  });
  const step = fc.oneof(
    fc.record({ push: fc.array(job, { minLength: 1, maxLength: 4 }) }),
    fc.record({ answer: fc.nat(2) }), // one of the running calls
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const underWay: { streams: string[]; answer: () => void }[] = [];
      const [pushed, sent] = [new Map<string, number[]>(), new Map<string, number[]>()];
      const note = (list: Map<string, number[]>, stream: string, n: number) =>
        list.set(stream, [...(list.get(stream) ?? []), n]);
      const queue = new AppendQueue((jobs) => {
        const writes = jobs.flatMap((one) => one.writes);
        const streams = writes.map(({ stream }) => stream);
        const busy = [...underWay.flatMap((one) => one.streams), ...streams];
        expect(new Set(busy).size).toBe(busy.length);
        for (const { stream, expected } of writes) note(sent, stream, expected as number);
        return new Promise((resolve) => underWay.push({ streams, answer: resolve }));
      });
      const answerOne = async (n: number) => {
        const [one] = underWay.splice(n % Math.max(1, underWay.length), 1);
        one?.answer();
        await turn();
      };
      let count = 0;
      for (const one of steps) {
        if ('push' in one) {
          for (const { streams, size } of one.push) {
            const n = count++;
            void queue.push(streams.map((stream) => ({ stream, expected: n, events: eventsOf(size) })));
            for (const stream of streams) note(pushed, stream, n);
          }
          await turn();
        } else await answerOne(one.answer);
      }
      while (underWay.length > 0) await answerOne(0);
      expect(sent).toEqual(pushed);
    }),
    { numRuns: 200 },
  );
});

it('lets a small append overtake waiting batches of other streams', async () => {
  const sent: string[] = [];
  const answers: (() => void)[] = [];
  const queue = new AppendQueue((jobs) => {
    sent.push(...jobs.flatMap(({ writes }) => writes.map(({ stream }) => stream)));
    return new Promise((resolve) => answers.push(resolve));
  });
  for (const stream of ['lane', 'lane', 'lane'])
    void queue.push([{ stream, expected: 'any', events: eventsOf(BATCH) }]);
  await turn();
  void queue.push([{ stream: 'decision', expected: 'any', events: eventsOf(SMALL) }]);
  await turn();
  expect(sent).toEqual(['lane', 'decision']);
  for (let answer = answers.shift(); answer; answer = answers.shift()) {
    answer();
    await turn();
  }
  expect(sent).toEqual(['lane', 'decision', 'lane', 'lane']);
});
