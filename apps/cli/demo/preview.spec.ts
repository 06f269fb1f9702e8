import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventSchemas } from '../../../libs/events/event-schemas.js';
import { catalogue } from '../../composition/catalogue.js';
import { seededChance } from './chance.js';
import { makePreview } from './preview.js';

const sizes = fc.record({
  run: fc.stringMatching(/^[0-9a-f]{10}$/),
  people: fc.integer({ min: 2, max: 40 }),
  images: fc.integer({ min: 10, max: 300 }),
  seed: fc.nat(),
});

it('is the same for the same seed, and different for another', () => {
  const size = { run: 'r1', people: 10, images: 100, seed: 7 };
  expect(makePreview(size)).toEqual(makePreview(size));
  expect(makePreview(size)).not.toEqual(makePreview({ ...size, seed: 8 }));
});

it('flags only images that were shared or downloaded, never by their own account, and finds some unsafe', () => {
  fc.assert(
    fc.property(sizes, (size) => {
      const { accounts, images, exposures, flags, findings } = makePreview(size);
      expect([accounts.length, images.length]).toEqual([size.people, size.images]);
      const exposed = new Set(exposures.map(({ data }) => data.imageId));
      for (const { data } of flags) {
        expect(exposed.has(data.imageId)).toBe(true);
        expect(data.flaggedBy).not.toBe(data.accountId);
      }
      expect([...findings.keys()].sort()).toEqual(flags.map(({ data }) => data.imageId).sort());
      if (findings.size > 0) expect([...findings.values()]).toContain('unsafe');
    }),
    { numRuns: 30 },
  );
});

it('gives every event a unique id, and data that its schema accepts', () => {
  const schemas = new EventSchemas(catalogue.events);
  fc.assert(
    fc.property(sizes, (size) => {
      const { joins, images, exposures, flags } = makePreview(size);
      const all = [...joins, ...images, ...exposures, ...flags];
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      for (const { type, data } of all) expect(schemas.fault(type, data)).toBeUndefined();
    }),
    { numRuns: 10 },
  );
});

it('draws numbers from 0 to 1 evenly', () => {
  const chance = seededChance(42);
  const tenths = new Array(10).fill(0);
  for (let n = 0; n < 100_000; n++) tenths[Math.floor(chance.next() * 10)]++;
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});
