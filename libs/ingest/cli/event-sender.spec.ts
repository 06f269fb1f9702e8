import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BODY_LIMIT_BYTES } from '../../http/http-adapter.js';
import { eventsOf, type OutgoingEvent } from './cloud-event.js';
import { inBatches } from './event-sender.js';

const event = eventsOf('/import/x');

const MOST = 500;

/** Many short prompts, or fewer long ones: three bytes a character, so that bytes and characters differ. */
const groups = fc
  .constantFrom({ most: 800, longest: 20 }, { most: 150, longest: 4_000 })
  .chain(({ most, longest }) => {
    const group = fc.array(fc.integer({ min: 0, max: longest }), { minLength: 1, maxLength: 40 });
    return fc.array(group, { maxLength: most, size: 'max' });
  })
  .map((all) => {
    let n = 0;
    return all.map((group) =>
      group.map((length) => {
        const data = { imageId: `img-${++n}`, prompt: '犬'.repeat(length) };
        return event('ImageGenerated', `prompt-${n}`, data);
      }),
    );
  });
const idsOf = (events: readonly OutgoingEvent[]) => events.map(({ id }) => id);
const bytesOf = (events: readonly OutgoingEvent[]) => Buffer.byteLength(JSON.stringify(events));
const isWithinLimits = (batch: readonly OutgoingEvent[]) => batch.length <= MOST && bytesOf(batch) <= BODY_LIMIT_BYTES;

it('packs every event once and in order, in batches that the backend accepts, and splits no group', () => {
  fc.assert(
    fc.property(groups, (given) => {
      const batches = inBatches(given);
      expect(idsOf(batches.flat())).toEqual(idsOf(given.flat()));
      for (const batch of batches) expect(isWithinLimits(batch)).toBe(true);
      const batchOf = new Map(batches.flatMap((batch, index) => batch.map(({ id }) => [id, index])));
      for (const group of given) expect(new Set(idsOf(group).map((id) => batchOf.get(id))).size).toBe(1);
      // None is cut short: what begins the next one would have been too much.
      for (const [index, batch] of batches.slice(1).entries()) {
        const first = given.find(([event]) => event === batch[0])!;
        const longer = [...batches[index]!, ...first];
        expect(longer.length > MOST || bytesOf(longer) > 0.85 * BODY_LIMIT_BYTES).toBe(true);
      }
    }),
    { numRuns: 20, endOnFailure: true },
  );
});

it('sends a group that is larger than a batch as a batch of its own', () => {
  const events = Array.from({ length: 600 }, (_, n) => event('VerdictGiven', `v-${n}`, {}));
  expect(
    inBatches([events.slice(0, 10), events.slice(10, 590), events.slice(590)]).map(({ length }) => length),
  ).toEqual([10, 580, 10]);
});
