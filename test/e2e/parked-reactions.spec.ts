import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { until } from '../support/until.js';

let gatehouse: TestGatehouse;
let pool: pg.Pool;

beforeAll(async () => {
  gatehouse = await startGatehouse();
  pool = new pg.Pool(gatehouse.database.connection);
});
afterAll(async () => {
  await pool.end();
  await gatehouse.close();
});

/** Parks this account's confirmed review, like a release that can't process it. */
const park = (accountId: string, position: number) =>
  pool.query(
    `INSERT INTO projections.parked (follower, key, position, event_id, event_type, error)
     VALUES ('reactor:enforcing', $1, $2, $3, 'ReviewConfirmed', 'TypeError: not fixed yet')`,
    [accountId, position, randomUUID()],
  );

it('denies an account with a parked deactivation after a restart, whatever has been enforced since', async () => {
  const { administrator, administratorToken } = gatehouse;
  const { accountId } = (await administrator.post('/v1/waitlist', { email: 'ada@example.org' })).body;
  const flag = { imageId: 'img-1', accountId, flaggedBy: 'det-1', flaggerKind: 'detector', categories: [] };
  await administrator.post('/v1/events', cloudEvent('ImageGenerated', { imageId: 'img-1', accountId }));
  await administrator.post('/v1/events', cloudEvent('ContentFlagged', flag));
  await gatehouse.settle();
  const { position } = (await administrator.post('/v1/waitlist', { email: 'bob@example.org' })).body;
  await gatehouse.settle();
  await park(accountId, Number(position));

  const beside = await gatehouse.beside();
  try {
    const restarted = client(beside.url, administratorToken);
    const ask = async () => {
      const { body } = await restarted.post('/access/v1/evaluation', {
        subject: { type: 'account', id: accountId },
        action: { name: 'generate' },
        resource: { type: 'image', id: 'img-2' },
      });
      expect(body.decision).toBe(false);
      return body.context.reason;
    };
    let reason = 'decision-point-stale';
    // Until it has read the head of the log.
    await until(async () => {
      reason = await ask();
      return reason !== 'decision-point-stale';
    });
    expect(reason).toBe('account-deactivated');
  } finally {
    await beside.close();
  }
});

it('shows a parked event of a consumer with its key and error beside the views', async () => {
  const { administrator } = gatehouse;
  await park('acc-shown', 1);
  const { reactions } = (await administrator.get('/v1/views')).body;
  expect(reactions.map(({ name }: { name: string }) => name)).toEqual([
    'address-settling',
    'case-opening',
    'enforcing',
    'onboarding',
  ]);
  const { parked } = reactions[2];
  expect(parked).toContainEqual({
    key: 'acc-shown',
    position: '1',
    eventType: 'ReviewConfirmed',
    error: 'TypeError: not fixed yet',
  });
});
