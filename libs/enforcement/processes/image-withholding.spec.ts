import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventRules } from '../../../test/support/event-rules.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import { Transactor } from '../../event-store/transact.js';
import { causeOf, isWithheld, restoreImage, withholdingStream } from '../../images/index.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { imageWithholding } from './image-withholding.js';

const clock = { now: () => Date.parse('2022-05-18T09:00:00Z') };
const LEAD: CommandContext = { actor: { kind: 'user', id: 'lea', role: 'lead' }, correlationid: 'spec' };
const eventIds = new OwnEventIds(Buffer.alloc(32, 1), 0);
const imageId = 'img-1';
const ids = { caseId: imageId, imageId };

/** A case in memory, and the consumer that follows it. */
class World {
  readonly log = memoryLog();
  readonly ofCase: RecordedEvent[] = [];
  private done = 0;
  round = 1;

  transactor = () => new Transactor(this.log.store, timeOrderedIds(clock), clock, eventRules);

  async store(type: string, data: object): Promise<void> {
    const metadata = { ...LEAD, source: '/spec', subject: 'case', time: '2022-05-18T09:00:00Z', schemaversion: 1 };
    const event = { id: `${type}-${this.ofCase.length}`, type, data: { ...ids, ...data }, metadata };
    await this.log.store.append([{ stream: `case-${imageId}`, expected: 'any', events: [event] }]);
    this.ofCase.push(this.log.events.at(-1)!);
  }

  /** Processes all that waits. @param again how many processed events a restart delivers once more, in order */
  async process(again = 0): Promise<void> {
    const consumer = imageWithholding(this.transactor(), eventIds);
    const from = Math.max(0, this.done - again);
    for (const event of this.ofCase.slice(from)) if (consumer.types.includes(event.type)) await consumer.react(event);
    this.done = this.ofCase.length;
  }

  image = async () => (await this.transactor().load(withholdingStream, imageId)).state;
  restore = () =>
    this.transactor().transact(withholdingStream, imageId, LEAD, (state) =>
      restoreImage(state, { imageId, reason: 'spec' }, false),
    );
}

const found = (world: World, withhold: boolean) =>
  world.store('ModelProblemFound', { categories: [], votes: {}, round: world.round, ...(withhold && { withhold }) });
const reopened = (world: World) => world.store('CaseReopened', { by: 'lea', reason: 'x', round: ++world.round });

describe('the image of a model’s problem', () => {
  it('is withheld if its reviewers want that, and not else', async () => {
    const world = new World();
    await found(world, false);
    await world.process();
    expect(isWithheld(await world.image())).toBe(false);
    await reopened(world);
    await found(world, true);
    await world.process();
    expect(causeOf(await world.image())).toBe('model-problem');
    expect(world.log.events.at(-1)).toMatchObject({
      type: 'ImageWithheld',
      data: { ...ids, cause: 'model-problem', round: 2 },
    });
  });

  it('is restored if a lead reopens the case, and withheld as a violation if that is confirmed', async () => {
    const world = new World();
    await found(world, true);
    await reopened(world);
    // Both were stored before either is processed.
    await world.process();
    expect(world.log.events.at(-1)).toMatchObject({
      type: 'ImageRestored',
      data: { imageId, reason: 'case-reopened', round: 2 },
    });
    await world.store('ReviewConfirmed', { accountId: 'ann', categories: [], round: 2 });
    await world.process(3);
    expect(causeOf(await world.image())).toBe('violation');
    await expect(world.restore()).rejects.toThrow(expect.objectContaining({ code: 'violation-confirmed' }));
  });

  it('stays withheld while a flag has the case reviewed again, for as long as that takes', async () => {
    const world = new World();
    await found(world, true);
    await world.process();
    await world.store('CaseOpened', { round: ++world.round });
    await world.process();
    expect(isWithheld(await world.image())).toBe(true);
    await world.store('ReviewConfirmed', { accountId: 'ann', categories: [], round: 2 });
    await world.process();
    expect(causeOf(await world.image())).toBe('violation');
    const { length } = world.log.events;
    await world.process(9);
    expect(world.log.events).toHaveLength(length);
  });
});

const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('found', 'withheld', 'dismissed', 'reopened', 'flagged', 'restored') }),
  fc.record({ kind: fc.constant('process'), again: fc.nat(8) }),
);

it('is withheld as the last decision of its case says, however late and often each is processed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const world = new World();
      let isOpen = true;
      let expected = false;
      for (const one of steps) {
        if (one.kind === 'process') await world.process((one as { again: number }).again);
        else if (one.kind === 'restored') {
          // By somebody who sees what was processed.
          await world.process();
          await world.restore();
          expected = false;
        } else if (isOpen && (one.kind === 'found' || one.kind === 'withheld')) {
          expected = one.kind === 'withheld';
          await found(world, expected);
          isOpen = false;
        } else if (isOpen && one.kind === 'dismissed') {
          await world.store('ReviewDismissed', { categories: [], votes: {}, round: world.round });
          expected = false;
          isOpen = false;
        } else if (!isOpen && one.kind === 'reopened') {
          await reopened(world);
          expected = false;
          isOpen = true;
        } else if (!isOpen && one.kind === 'flagged') {
          await world.store('CaseOpened', { round: ++world.round });
          isOpen = true;
        }
      }
      await world.process();
      expect(isWithheld(await world.image())).toBe(expected);
      const { length } = world.log.events;
      await world.process(99);
      expect(world.log.events).toHaveLength(length);
    }),
    { seed: 20220518, numRuns: 300 },
  );
});
