import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { senderEventId } from '../../libs/event-store/event-identity.js';
import { type StreamWrite } from '../../libs/event-store/event-store.js';
import type { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import type { EventResult } from '../../libs/ingest/event-result.js';
import type { InboundCommand } from '../../libs/ingest/ingest.js';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import { type IngestWorld, ingestContext, type Json, newSender, openIngestWorld } from './ingest-world.js';

let world: IngestWorld;

beforeAll(async () => {
  world = await openIngestWorld();
});
afterAll(() => world.close());

const outcomes = (results: EventResult[]) => results.map(({ outcome }) => outcome);
const take = (events: unknown[], gateway = world.gateways[0]) => gateway.accept(events, ingestContext, 'http');

describe('Ingest', () => {
  it('answers for every event in the order of the batch, whatever lane or rule handled it', async () => {
    const { fact, deactivation, event, stored } = newSender(world.store);
    const given = [
      fact(1),
      { ...fact(2), type: 'Unheard' },
      deactivation('d-1', 1),
      fact(3, 'ContentFlagged'),
      event('ReviewConfirmed', 'r-1', {}),
      null,
      fact(4, 'ImageShared'),
      fact(1),
      fact(5, 'ImageDownloaded'),
    ];
    const results = await take(given);
    expect(results).toMatchObject([
      { id: 'ImageGenerated-1', outcome: 'accepted' },
      { id: 'ImageGenerated-2', outcome: 'quarantined', reason: 'unknown-type', field: 'type' },
      { id: 'd-1', outcome: 'accepted' },
      { id: 'ContentFlagged-3', outcome: 'accepted' },
      { id: 'r-1', outcome: 'quarantined', reason: 'case-unknown', field: '/data', detail: 'there is no case img-1' },
      { id: null, source: null, outcome: 'quarantined', reason: 'not-a-cloudevent' },
      { id: 'ImageShared-4', outcome: 'accepted' },
      { id: 'ImageGenerated-1', outcome: 'duplicate', position: results[0]!.position },
      { id: 'ImageDownloaded-5', outcome: 'accepted' },
    ]);
    const places = new Map((await stored()).map(({ id, position }) => [id, position]));
    for (const { id, source, outcome, position } of results) {
      if (outcome !== 'quarantined') expect(position).toBe(places.get(senderEventId(source!, id!)));
    }
  });

  it('answers an empty batch with no results', async () => {
    expect(await take([])).toEqual([]);
  });

  it('stores a fact with its image as subject, its sender as source and its personal text encrypted', async () => {
    const { event, source, stored } = newSender(world.store);
    const time = '2022-05-18T09:00:00+02:00';
    await take([
      { ...event('ImageGenerated', 'a', { imageId: 'img-7', prompt: 'a secret' }), time, correlationid: 'mine' },
    ]);
    expect(await stored()).toMatchObject([
      {
        id: senderEventId(source, 'a'),
        data: { imageId: 'img-7', prompt: expect.stringMatching(/^sealed:v2:/) },
        metadata: {
          subject: 'image-img-7',
          source,
          time: '2022-05-18T07:00:00.000Z',
          correlationid: 'mine',
          actor: ingestContext.actor,
        },
      },
    ]);
  });

  it('stores the events of one image in the order of the batch', async () => {
    const { event, stored } = newSender(world.store);
    const given = Array.from({ length: 30 }, (_, n) =>
      event('ImageShared', `s-${n}`, { imageId: 'img-1', audience: `a${n}` }),
    );
    await Promise.all([take(given.slice(0, 11)), take(given.slice(11, 12)), take(given.slice(12))]);
    expect((await stored()).map(({ data }) => data.audience)).toEqual(given.map(({ data }) => (data as Json).audience));
  });

  it('accepts one identity once, even if events about other images have it and go to other lanes', async () => {
    const { event, stored } = newSender(world.store);
    const given = Array.from({ length: 12 }, (_, n) => event('ImageShared', 'same', { imageId: `img-${n}` }));
    const results = await take(given);
    const [only, ...more] = await stored();
    expect(more).toEqual([]);
    const images = given.map(({ data }) => (data as Json).imageId);
    expect(outcomes(results)).toEqual(
      images.map((image) => (image === only!.data.imageId ? 'accepted' : 'quarantined')),
    );
  });

  it('stores the facts of a batch before its commands read them', async () => {
    const { fact, event, stored } = newSender(world.store);
    const asked: string[][] = [];
    const asking = world.gatewayOn(world.store, [
      {
        type: 'ReviewConfirmed',
        keys: ({ caseId }) => [String(caseId)],
        async handle() {
          asked.push((await stored()).map(({ type }) => type));
          return { changed: true, position: 1 };
        },
      },
    ]);
    await take([event('ReviewConfirmed', 'r-1', {}), fact(1), fact(2, 'ContentFlagged')], asking);
    expect(asked.map((types) => types.sort())).toEqual([['ContentFlagged', 'ImageGenerated']]);
  });

  it('handles commands that share a key in the order of the batch, whatever their other keys', async () => {
    const { event } = newSender(world.store);
    const given: string[] = [];
    const noting = (type: string, keyField: string, turns: number): InboundCommand => ({
      type,
      keys: (data) => [`${type}:${data[keyField]}`, String(data.accountId)],
      async handle({ accountId }) {
        for (let i = 0; i < turns; i++) await turn();
        given.push(`${type} ${accountId}`);
        return { changed: true, position: 1 };
      },
    });
    const rules = [noting('WaitlistJoined', 'email', 9), noting('AccountDeactivated', 'accountId', 1)];
    const batch = Array.from({ length: 100 }, (_, n) => [
      event('WaitlistJoined', `j-${n}`, { accountId: `acc-${n}`, email: `${n}@example.org` }),
      event('AccountDeactivated', `d-${n}`, { accountId: `acc-${n}` }),
    ]);
    await take(batch.flat(), world.gatewayOn(world.store, rules));
    for (let n = 0; n < batch.length; n++) {
      expect(given.filter((one) => one.endsWith(` acc-${n}`))).toEqual([
        `WaitlistJoined acc-${n}`,
        `AccountDeactivated acc-${n}`,
      ]);
    }
  });

  it('quarantines what it does not accept, with the bytes and the reason, and replays it without a second entry', async () => {
    const { fact } = newSender(world.store);
    const wrong = { ...fact(1), data: { imageId: 'a b', 'x\u0000y': 1 } };
    const [result] = await take([wrong]);
    const entry = await world.quarantine.show(result!.quarantineId!);
    expect(JSON.parse(entry.raw!.toString())).toEqual(wrong);
    expect(entry).toMatchObject({
      channel: 'http',
      actor: 'image-service',
      eventId: 'ImageGenerated-1',
      reason: result!.reason,
    });
    expect(await world.gateways[0].attempt([wrong], ingestContext)).toMatchObject([
      { outcome: 'quarantined', reason: result!.reason },
    ]);
    expect((await world.quarantine.show(result!.quarantineId!)).seen).toBe(1);
  });

  it('quarantines events nested deeper than the stack with their bytes, and accepts their neighbours', async () => {
    const { fact, stored } = newSender(world.store);
    const deep = `{"specversion":"1.0","data":${'[{"a":'.repeat(20_000)}1${'}]'.repeat(20_000)}}`;
    const results = await take([fact(1), JSON.parse(deep), fact(2)]);
    expect(outcomes(results)).toEqual(['accepted', 'quarantined', 'accepted']);
    expect((await world.quarantine.show(results[1]!.quarantineId!)).raw!.toString()).toBe(deep);
    expect(await stored()).toHaveLength(2);
  });

  it('reports that the store does not answer, and stores every retried event once', async () => {
    const { fact, deactivation, stored } = newSender(world.store);
    const faults = ['lost', 'lost', 'lost', 'away', 'away', 'away'];
    const unsure = Object.assign(Object.create(world.store) as PostgresEventStore, {
      append: async (writes: readonly StreamWrite[]) => {
        const fault = faults.shift();
        if (fault === 'away') throw new StoreUnavailable('away');
        const results = await world.store.append(writes);
        if (fault === 'lost') throw new StoreUnavailable('the answer is lost');
        return results;
      },
    });
    const gateway = world.gatewayOn(unsure);
    const given = [fact(1), fact(2), fact(3), deactivation('d-1', 1), fact(1)];
    let results: EventResult[] | undefined;
    for (let tries = 0; !results && tries < 10; tries++) {
      results = await take(given, gateway).catch((error) => {
        expect(error).toBeInstanceOf(StoreUnavailable);
        return undefined;
      });
    }
    const places = new Map((await stored()).map(({ id, position }) => [id, position]));
    expect(places.size).toBe(4);
    expect(results!.map(({ position }) => position)).toEqual(
      given.map(({ source, id }) => places.get(senderEventId(source as string, id as string))),
    );
  });
});
