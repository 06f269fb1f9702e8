import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventRules } from '../../../test/support/event-rules.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { reviewedCases } from '../../../test/support/reviewed-cases.js';
import { Transactor } from '../../event-store/transact.js';
import { systemClock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { appealStream } from '../appeal.js';
import { AppealFiled } from '../events.js';
import { appealLapsing } from './lapsing.js';

const caseId = 'img-1';
const SERVICE: CommandContext = { actor: { kind: 'service', id: 'web', role: 'service' }, correlationid: 'spec' };

function world() {
  const { events, store } = memoryLog();
  const transactor = new Transactor(store, timeOrderedIds(systemClock), systemClock, eventRules);
  const cases = reviewedCases(() => transactor);
  const consumer = appealLapsing(transactor);
  let processed = 0;
  return {
    ...{ cases, events },
    confirm: async (position = 1) => {
      await cases.open(caseId, 'acc-1', position);
      await cases.judge(caseId, 'unsafe', 'violent');
    },
    file: (since: number) =>
      transactor.transact(appealStream, caseId, SERVICE, ({ number }) => [
        { type: 'AppealFiled' as const, data: { ...AppealFiled.example, number: number + 1, since } },
      ]),
    async process(again = 0) {
      for (const event of events.slice(Math.max(0, processed - again)))
        if (consumer.types.includes(event.type)) await consumer.react(event);
      processed = events.length;
    },
    status: async () => (await transactor.load(appealStream, caseId)).state.status,
  };
}

it('closes an appeal whichever of the two is stored first, and leaves one alone that is about what is in force', async () => {
  for (const isFiledFirst of [true, false]) {
    const { cases, confirm, file, process, status, events } = world();
    await confirm();
    if (isFiledFirst) await file(1);
    await process();
    await cases.reopen(caseId);
    await cases.judge(caseId, 'safe');
    if (!isFiledFirst) {
      await process();
      await file(1);
    }
    await process();
    expect(await status()).toBe('lapsed');
    expect(events.at(-1)).toMatchObject({ type: 'AppealLapsed', data: { appealId: caseId, number: 1 } });
    await confirm(1_000);
    await file(3);
    await process(99);
    expect(await status()).toBe('open');
  }
});

it('leaves open exactly the appeal against the confirmation in force, in any order of steps and deliveries', async () => {
  const step = fc.constantFrom('confirm', 'reopen', 'safe', 'unsafe', 'file', 'file', 'process', 'again');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const one = world();
      // What its decision knows, independently of the code: the round of each ReviewConfirmed, until it is overturned.
      let [round, isOpen, since] = [0, false, undefined as number | undefined];
      let filed: number | undefined;
      for (const [n, kind] of steps.entries()) {
        if (kind === 'confirm' && !isOpen && since === undefined) {
          await one.confirm(1_000 * (n + 1));
          round += 1;
          since = round;
        } else if (kind === 'reopen' && !isOpen && round > 0) {
          await one.cases.reopen(caseId);
          round += 1;
          isOpen = true;
        } else if ((kind === 'safe' || kind === 'unsafe') && isOpen) {
          await one.cases.judge(caseId, kind, kind === 'unsafe' ? 'violent' : undefined);
          isOpen = false;
          if (kind === 'unsafe') since ??= round;
          else since = undefined;
        } else if (kind === 'file' && (await one.status()) !== 'open' && since !== undefined) {
          // As read a moment ago, when it was in force.
          filed = since;
          await one.file(since);
        } else if (kind === 'process') await one.process();
        else if (kind === 'again') await one.process(99);
      }
      await one.process();
      const expected = filed === undefined ? 'none' : filed === since ? 'open' : 'lapsed';
      expect(await one.status()).toBe(expected);
      const { length } = one.events;
      await one.process(99);
      expect(one.events).toHaveLength(length);
    }),
    { numRuns: 150 },
  );
});
