import { afterEach, expect, it } from '@jest/globals';
import { ApiClient } from '../../libs/cli/api-client.js';
import { settled } from '../../libs/operations/cli.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const LEFT_BEHIND = ['publisher', 'view:long-gone:v1:b1'];

let gatehouse: TestGatehouse;
afterEach(() => gatehouse.close());

/** A log that all running consumers have processed, beside checkpoints that no longer advance. */
async function start(env = {}) {
  gatehouse = await startGatehouse({ env });
  const { pool } = gatehouse.runtime;
  for (const consumer of LEFT_BEHIND) {
    await pool.query('INSERT INTO projections.checkpoints (follower, lane, position, epoch) VALUES ($1, 0, 0, 1)', [
      consumer,
    ]);
    await pool.query(
      `INSERT INTO projections.parked (follower, key, position, event_id, event_type, error)
       VALUES ($1, 'img-1', 1, gen_random_uuid(), 'ImageShared', 'broken')`,
      [consumer],
    );
  }
  await gatehouse.administrator.post('/v1/events', cloudEvent('ImageShared', { imageId: 'img-1', accountId: 'acc-1' }));
  await gatehouse.settle();
  const { consumers } = (await gatehouse.administrator.get('/v1/status')).body;
  const { body: metrics } = await gatehouse.administrator.get('/metrics');
  return { shown: consumers.map(({ name }: { name: string }) => name) as string[], metrics: metrics as string };
}

const everythingShows = () =>
  settled(
    new ApiClient({ url: gatehouse.url, token: gatehouse.administratorToken, signal: new AbortController().signal }),
  );

it('neither reports nor waits for consumers that no longer run: a publisher without Kafka, a view of an earlier release', async () => {
  const { shown, metrics } = await start();
  expect(shown).toEqual(expect.arrayContaining([expect.stringMatching(/^view:/), expect.stringMatching(/^reactor:/)]));
  for (const name of LEFT_BEHIND)
    expect([shown, metrics]).toEqual([
      expect.not.arrayContaining([name]),
      expect.not.stringContaining(`consumer="${name}"`),
    ]);
  await everythingShows();
});

it('reports the publisher if Kafka is configured, and the command line does not wait for it', async () => {
  const { shown, metrics } = await start({ GATEHOUSE_KAFKA_BROKERS: '127.0.0.1:1' });
  expect(shown).toContain('publisher');
  expect(metrics).toMatch(/^gatehouse_consumer_lag_positions\{consumer="publisher"\} [1-9]/m);
  expect(metrics).toMatch(/^gatehouse_consumer_parked_keys\{consumer="publisher"\} 1$/m);
  await everythingShows();
});
