import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type IngestWorld, ingestContext, type Json, newSender, openIngestWorld } from './ingest-world.js';

let world: IngestWorld;
beforeAll(async () => {
  world = await openIngestWorld();
});
afterAll(() => world.close());

const UUID = '0196e0f0-0000-7000-8000-00000000';
const take = (...events: Json[]) => world.gateways[0].accept(events, ingestContext, 'http');
const inUse = { outcome: 'quarantined', reason: 'id-in-use', field: 'id', quarantineId: expect.any(String) };

describe('One UUID for two events', () => {
  it('from two sources, for a fact and a command or for two commands: the second is quarantined, not treated as a repeat', async () => {
    const [image, risk] = [newSender(world.store), newSender(world.store)];
    const [fact, rule] = [`${UUID}0001`, `${UUID}0002`];
    expect(await take({ ...image.fact(1), id: fact })).toMatchObject([{ outcome: 'accepted' }]);
    expect(await take(risk.deactivation(fact, 1), risk.deactivation(rule, 2))).toMatchObject([
      { ...inUse, id: fact, detail: expect.stringContaining(`ImageGenerated of ${image.source} about image-img-1`) },
      { outcome: 'accepted' },
    ]);
    expect(await take(image.deactivation(rule, 1), { ...image.fact(2), id: rule })).toMatchObject([inUse, inUse]);
    expect(await risk.stored()).toMatchObject([{ id: rule, type: 'AccountDeactivated' }]);
    expect(await image.stored()).toMatchObject([{ id: fact, type: 'ImageGenerated' }]);
  });

  it.each([
    ['in one batch', (one: Json[]) => take(...one)],
    ['in two batches', async ([first, ...rest]: Json[]) => [...(await take(first!)), ...(await take(...rest))]],
    ['at once', async (one: Json[]) => (await Promise.all(one.map((event) => take(event)))).flat()],
  ])('of one source that uses it again for another image or type, %s', async (_, given) => {
    const { fact, stored } = newSender(world.store);
    const sent = [
      fact(1),
      { ...fact(2), id: fact(1).id },
      { ...fact(1, 'ImageShared'), id: fact(1).id },
      fact(1),
    ] as Json[];
    const results = await given(sent);
    const [held, ...others] = await stored();
    expect(others).toEqual([]);
    for (const [n, { type, data }] of sent.entries()) {
      const isHeld = type === held!.type && (data as Json).imageId === held!.data.imageId;
      expect(results[n]).toMatchObject(isHeld ? { position: held!.position } : inUse);
    }
    expect(results.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
  });

  it('in upper case identifies the same event', async () => {
    const { fact } = newSender(world.store);
    const sent = { ...fact(1), id: `${UUID}00ab` };
    const [first] = await take(sent);
    const again = { outcome: 'duplicate', position: first!.position };
    expect(await take({ ...sent, id: sent.id.toUpperCase() })).toMatchObject([again]);
  });
});
