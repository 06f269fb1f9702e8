import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { senderEventId } from '../../libs/event-store/event-identity.js';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import type { JsonObject } from '../../libs/kernel/envelope.js';
import { type IngestWorld, ingestContext, type Json, newSender, openIngestWorld } from './ingest-world.js';

let world: IngestWorld;
beforeAll(async () => {
  world = await openIngestWorld();
});
afterAll(() => world.close());

const UUID = '0196e0f0-0000-7000-8000-00000000';
const take = (...events: Json[]) => world.gateways[0].accept(events, ingestContext, 'http');
const inUse = { outcome: 'quarantined', reason: 'id-in-use', field: 'id', quarantineId: expect.any(String) };

describe('One id for two events', () => {
  it('of two sources, for a fact and a command, identifies two events, which are all stored', async () => {
    const [image, risk] = [newSender(world.store), newSender(world.store)];
    const [fact, rule] = [`${UUID}0001`, `${UUID}0002`];
    expect(await take({ ...image.fact(1), id: fact })).toMatchObject([{ outcome: 'accepted' }]);
    expect(await take(risk.deactivation(fact, 1), risk.deactivation(rule, 2))).toMatchObject([
      { outcome: 'accepted', id: fact },
      { outcome: 'accepted', id: rule },
    ]);
    expect(await take(image.deactivation(rule, 3), { ...risk.fact(2), id: `${UUID}0003` })).toMatchObject([
      { outcome: 'accepted' },
      { outcome: 'accepted' },
    ]);
    const stored = (await image.stored()).map(({ id, metadata: { sourceid } }) => ({ id, sourceid }));
    expect(stored).toEqual([fact, rule].map((id) => ({ id: senderEventId(image.source, id), sourceid: id })));
  });

  it.each([
    ['in one batch', (one: Json[]) => take(...one)],
    ['in two batches', async ([first, ...rest]: Json[]) => [...(await take(first!)), ...(await take(...rest))]],
    ['at once', async (one: Json[]) => (await Promise.all(one.map((event) => take(event)))).flat()],
  ])('of one source that uses it again for another image or type, %s, is quarantined', async (_, given) => {
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

  it('that differ in upper and lower case identify two events', async () => {
    const { fact, stored } = newSender(world.store);
    const sent = { ...fact(1), id: `${UUID}00ab` };
    await take(sent);
    expect(await take({ ...fact(2), id: sent.id.toUpperCase() })).toMatchObject([{ outcome: 'accepted' }]);
    expect((await stored()).map(({ metadata }) => metadata.sourceid)).toEqual([sent.id, sent.id.toUpperCase()]);
  });
});

describe('An event that an earlier version stored under the UUID of its sender', () => {
  const former = () => world.gatewayOn(world.store, undefined, { hasFormerIds: true });
  const store = (stream: string, type: string, data: JsonObject, source: string, id: string) => {
    const event = newEvent(type, data);
    const metadata = { ...event.metadata, source, subject: `image-${data.imageId}` };
    return world.store.append([{ stream, expected: 'any', events: [{ ...event, id, metadata }] }]);
  };

  it('is recognized as a repeat of the same source, in the case of letters that was sent then or another', async () => {
    const { fact, source, stored } = newSender(world.store);
    const id = `${UUID}0100`;
    await store('facts-http0', 'ImageGenerated', fact(1).data as JsonObject, source, id);
    const before = await stored();
    for (const as of [id, id.toUpperCase()]) {
      expect(await former().accept([{ ...fact(1), id: as }], ingestContext, 'http')).toMatchObject([
        { outcome: 'duplicate', id: as, position: before[0]!.position },
      ]);
    }
    expect(await former().accept([{ ...fact(2), id }], ingestContext, 'http')).toMatchObject([inUse]);
    expect(await stored()).toEqual(before);
  });

  it('of another source does not suppress an event', async () => {
    const [victim, stranger] = [newSender(world.store), newSender(world.store)];
    const id = `${UUID}0101`;
    await store('facts-http0', 'ImageGenerated', victim.fact(1).data as JsonObject, stranger.source, id);
    const sent = [{ ...victim.fact(1), id }, victim.deactivation(id, 4)];
    expect(await former().accept([sent[0]], ingestContext, 'http')).toMatchObject([{ outcome: 'accepted' }]);
    expect(await former().accept([sent[1]], ingestContext, 'http')).toMatchObject([inUse]);
  });

  it('and was a command is recognized in its stream', async () => {
    const { deactivation, source, stored } = newSender(world.store);
    const id = `${UUID}0102`;
    const command = deactivation(id, 1);
    const data = command.data as { accountId: string };
    await store(`account-${data.accountId}`, 'AccountDeactivated', data, source, id);
    const before = await stored();
    expect(await former().accept([command], ingestContext, 'http')).toMatchObject([
      { outcome: 'duplicate', position: before[0]!.position },
    ]);
    expect(await stored()).toEqual(before);
  });
});
