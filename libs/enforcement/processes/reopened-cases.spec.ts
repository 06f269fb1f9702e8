import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventRules } from '../../../test/support/event-rules.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { reviewedCases } from '../../../test/support/reviewed-cases.js';
import { enforcingOn, undoingOn } from '../../../test/support/undoing.js';
import { accountStream, consequencesOf } from '../../account/index.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { isWithheld, withholdingStream } from '../../images/index.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { caseStream } from '../../review/index.js';
import { enforcementStream } from '../enforcement.js';
import { ladderStream, setLadder } from '../ladder.js';
import { imageWithholding } from './image-withholding.js';

const clock = { now: () => Date.parse('2022-05-18T09:00:00Z') };
const OPERATOR: CommandContext = { actor: { kind: 'user', id: 'olga', role: 'operator' }, correlationid: 'spec' };
const eventIds = new OwnEventIds(Buffer.alloc(32, 1), 0);
const accountId = 'acc';
const LADDER = [
  { steps: [{ strikes: 1, measure: 'suspend' as const, days: 900 }] },
  { clause: 'spam', steps: [{ strikes: 1, measure: 'strike' as const }] },
  { clause: 'gore', steps: [{ strikes: 1, measure: 'deactivate' as const }] },
];

/** Cases of one account, with the consumers that act on their decisions in the order of the log. */
class World {
  readonly log = memoryLog();
  readonly cases = reviewedCases(() => this.transactor());
  private processed = 0;

  transactor = (store: EventStore = this.log.store) => new Transactor(store, timeOrderedIds(clock), clock, eventRules);

  /** Processes all that waits. @param dies after how many appends the process is killed @param again how many are redelivered */
  async process(dies = Number.POSITIVE_INFINITY, again = 0): Promise<void> {
    let left = dies;
    const append: EventStore['append'] = (writes) =>
      left-- > 0 ? this.log.store.append(writes) : Promise.reject(new StoreUnavailable('killed'));
    const store = { ...this.log.store, append } as EventStore;
    const transactor = this.transactor(store);
    const consumers = [enforcingOn(store, transactor, eventIds), imageWithholding(transactor, eventIds)];
    const decisions = this.log.events.filter(({ stream }) => stream.startsWith('case-'));
    for (const [n, event] of decisions.entries()) {
      if (n < this.processed - again) continue;
      for (const consumer of consumers) if (consumer.types.includes(event.type)) await consumer.react(event);
      this.processed = Math.max(this.processed, n + 1);
    }
  }

  standing = async () => consequencesOf((await this.transactor().load(accountStream, accountId)).state);
  enforcement = async (id: string) => (await this.transactor().load(enforcementStream, id)).state;
  case = async (id: string) => (await this.transactor().load(caseStream, id)).state;
  isWithheld = async (id: string) => isWithheld((await this.transactor().load(withholdingStream, id)).state);
  ofType = (type: string, id: string) => this.log.events.filter((one) => one.type === type && one.data.caseId === id);

  async confirm(id: string, clause = 'violent', position = 1): Promise<void> {
    await this.cases.open(id, accountId, position);
    await this.cases.judge(id, 'unsafe', clause);
  }

  async setLadder(): Promise<void> {
    await this.transactor().transact(ladderStream, undefined, OPERATOR, (state) =>
      setLadder(state, { entries: LADDER, reason: 'spec' }, new Set()),
    );
  }
}

const causesOf = (all: Awaited<ReturnType<World['standing']>>) =>
  [...all.deactivations, ...all.suspensions, ...all.restrictions, ...all.strikes].map(({ cause }) => cause).sort();

it('keeps what a confirmation has led to until the new round decides, and if that confirms it again', async () => {
  const world = new World();
  await world.confirm('img-1');
  await world.process();
  const before = await world.standing();
  await world.cases.reopen('img-1');
  await world.process();
  expect([await world.standing(), await world.isWithheld('img-1')]).toEqual([before, true]);
  await world.cases.judge('img-1', 'unsafe', 'violent');
  await world.process();
  await world.process(undefined, 9);
  expect([await world.standing(), await world.isWithheld('img-1')]).toEqual([before, true]);
  for (const type of ['ReviewConfirmed', 'EnforcementOrdered', 'EnforcementCompleted', 'ImageWithheld'])
    expect(world.ofType(type, 'img-1')).toHaveLength(1);
  expect(await world.enforcement('img-1')).toMatchObject({ status: 'completed', orders: 1 });
});

it('puts the measure for another clause in the place of the first without a gap, and survives crashes', async () => {
  for (const deaths of [[], [0], [1], [2], [3], [1, 1, 1]]) {
    const world = new World();
    await world.setLadder();
    await world.confirm('img-1');
    await world.process();
    expect((await world.standing()).suspensions).toMatchObject([{ cause: 'img-1' }]);
    await world.cases.reopen('img-1');
    await world.cases.judge('img-1', 'unsafe', 'gore');
    for (const dies of deaths) await world.process(dies).catch(() => undefined);
    for (let n = 0; n < 2; n++) await world.process(undefined, 9);
    expect(await world.standing()).toMatchObject({ deactivations: [{ cause: 'img-1' }], suspensions: [] });
    expect(await world.enforcement('img-1')).toMatchObject({
      status: 'completed',
      orders: 2,
      order: { clause: 'gore' },
    });
    expect(world.ofType('EnforcementReversed', 'img-1')).toMatchObject([
      { data: { reason: 'case-reopened', round: 2, decidedRound: 2 } },
    ]);
    expect(await world.isWithheld('img-1')).toBe(true);
    // A later round still undoes it.
    await world.cases.reopen('img-1');
    await world.cases.judge('img-1', 'safe');
    await world.process();
    expect(causesOf(await world.standing())).toEqual([]);
  }
});

it('leaves what an appeal has decided since as it is, when the round before it is processed late or again', async () => {
  for (const isLate of [true, false]) {
    const world = new World();
    await world.setLadder();
    await world.confirm('img-1');
    await world.process();
    await world.cases.reopen('img-1');
    await world.cases.judge('img-1', 'unsafe', 'violent');
    if (!isLate) await world.process();
    const { order } = await world.enforcement('img-1');
    const reversal = { accountId, caseId: 'img-1', reason: 'appeal-partly-granted', appeal: 1, round: 2 };
    const transactor = world.transactor();
    await undoingOn(world.log.store, transactor).replace(
      { id: 'img-1', reversal, context: OPERATOR, once: () => OPERATOR },
      'spam',
    );
    expect(await world.enforcement('img-1')).toMatchObject({
      status: 'completed',
      order: { clause: 'spam' },
      orders: 2,
    });
    expect(order?.clause).toBe('violent');
    await world.process(undefined, 99);
    expect(await world.enforcement('img-1')).toMatchObject({
      status: 'completed',
      order: { clause: 'spam' },
      orders: 2,
    });
    expect(await world.standing()).toMatchObject({ suspensions: [], strikes: [{ cause: 'img-1' }] });
  }
});

it('enforces a case again that is confirmed after it was overturned, in whichever order of processing', async () => {
  for (const isProcessed of [true, false]) {
    const world = new World();
    await world.confirm('img-1');
    await world.process();
    await world.cases.reopen('img-1');
    await world.cases.judge('img-1', 'safe');
    if (isProcessed) await world.process();
    await world.confirm('img-1', 'violent', 1_000);
    await world.process();
    expect(await world.enforcement('img-1')).toMatchObject({ status: 'completed', orders: 2 });
    expect([causesOf(await world.standing()), await world.isWithheld('img-1')]).toEqual([['img-1'], true]);
    const { length } = world.log.events;
    await world.process(undefined, 99);
    expect(world.log.events).toHaveLength(length);
  }
});

const step = fc.oneof(
  fc.record({
    kind: fc.constant('confirm' as const),
    nth: fc.nat(2),
    clause: fc.constantFrom('violent', 'spam', 'gore'),
  }),
  fc.record({ kind: fc.constant('reopen' as const), nth: fc.nat(2) }),
  fc.record({
    kind: fc.constant('judge' as const),
    nth: fc.nat(2),
    verdict: fc.constantFrom('safe' as const, 'unsafe' as const, 'model-problem' as const),
    clause: fc.constantFrom('violent', 'spam', 'gore'),
  }),
  fc.record({
    kind: fc.constant('process' as const),
    dies: fc.constantFrom(undefined, 0, 1, 2, 3, 4),
    again: fc.nat(6),
  }),
);

it('leaves exactly what the confirmations in force call for, each enforced once, after any rounds, crashes and redeliveries', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 24 }), fc.boolean(), async (steps, hasLadder) => {
      const world = new World();
      if (hasLadder) await world.setLadder();
      for (const [n, one] of steps.entries()) {
        if (one.kind === 'process') {
          await world.process(one.dies, one.again).catch((error) => expect(error).toBeInstanceOf(StoreUnavailable));
          continue;
        }
        const id = `img-${one.nth}`;
        const { status } = await world.case(id);
        if (one.kind === 'confirm') await world.confirm(id, one.clause, 1_000 * (n + 1));
        else if (one.kind === 'reopen' && status !== 'none') await world.cases.reopen(id);
        else if (one.kind === 'judge' && status === 'open')
          await world.cases.judge(id, one.verdict, one.verdict === 'unsafe' ? one.clause : undefined);
      }
      await world.process();
      const ids = ['img-0', 'img-1', 'img-2'];
      const inForce = [];
      for (const id of ids) {
        const { inForce: confirmation, clause } = await world.case(id);
        const { status, order } = await world.enforcement(id);
        expect(status).toBe(
          confirmation ? 'completed' : world.ofType('ReviewConfirmed', id).length > 0 ? 'reversed' : 'none',
        );
        expect(await world.isWithheld(id)).toBe(confirmation !== undefined);
        if (confirmation) {
          inForce.push(id);
          expect(order?.clause).toBe(clause);
        }
        const orders = world.ofType('EnforcementOrdered', id).length - world.ofType('EnforcementReversed', id).length;
        expect(orders).toBe(confirmation ? 1 : 0);
      }
      expect([...new Set(causesOf(await world.standing()))]).toEqual(inForce);
      const { length } = world.log.events;
      await world.process(undefined, 99);
      expect(world.log.events).toHaveLength(length);
    }),
    { numRuns: 150, seed: 20220520 },
  );
});
