import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import pg from 'pg';
import type { WaitlistJoined } from '../../libs/account/index.js';
import type { ImageGenerated } from '../../libs/images/index.js';
import { createTestDatabase } from '../../test/support/test-database.js';
import { SimulatedService } from './simulated-service.js';
import { MODEL, sent } from './traffic.js';

const STARTS_AT = Date.parse('2022-05-18T00:00:00Z');

it('gives up what does not follow the log, and waits for it no longer than the run goes on', async () => {
  const database = await createTestDatabase();
  const stop = new AbortController();
  const service = await SimulatedService.start(database.connection, STARTS_AT, stop.signal);
  const other = new pg.Client(database.connection);
  try {
    await service.settle();
    await other.connect();
    await other.query('BEGIN');
    await other.query('LOCK TABLE history.places, history.indexed IN ACCESS EXCLUSIVE MODE');
    const image = { imageId: 'image-1', accountId: 'ann', model: MODEL, faces: false, photorealistic: false };
    await service.send([sent<typeof ImageGenerated>('ImageGenerated', 'generated-1', STARTS_AT, image)]);
    await expect(service.caughtUp(1)).rejects.toMatchObject({ code: 'views-stalled' });
    const waiting = service.caughtUp();
    stop.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
  } finally {
    await other.end();
    await service.close();
    await database.drop();
  }
});

it('has caught up once everything is processed', async () => {
  const database = await createTestDatabase();
  const service = await SimulatedService.start(database.connection, STARTS_AT, new AbortController().signal);
  try {
    await service.caughtUp();
  } finally {
    await service.close();
    await database.drop();
  }
});

it('lets people who join at once into the line in their order', async () => {
  const database = await createTestDatabase();
  const service = await SimulatedService.start(database.connection, STARTS_AT, new AbortController().signal);
  try {
    const ids = Array.from({ length: 300 }, (_, n) => `person-${n}`);
    const joins = ids.map((accountId) =>
      sent<typeof WaitlistJoined>('WaitlistJoined', `joined-${accountId}`, STARTS_AT, {
        ...{ accountId, email: `${accountId}@simulation.invalid` },
      }),
    );
    await service.send([], joins);
    const { events } = await service.eventsAfter(0, ['WaitlistJoined']);
    expect(events.map(({ data }) => data.accountId)).toEqual(ids);
  } finally {
    await service.close();
    await database.drop();
  }
});
