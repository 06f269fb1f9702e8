import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
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

/** Parks an event of a consumer, like a release that can't process it. */
const parkFor = (consumer: string, type: string, key: string, position: number) =>
  pool.query(
    `INSERT INTO projections.parked (follower, key, position, event_id, event_type, error)
     VALUES ('reactor:' || $1, $2, $3, $4, $5, 'TypeError: not fixed yet')`,
    [consumer, key, position, randomUUID(), type],
  );

/** Parks this account's confirmed review. */
const park = (accountId: string, position: number) => parkFor('enforcing', 'ReviewConfirmed', accountId, position);

/** Passes over what a consumer has not processed, like a release that parked it. @returns takes that back */
async function passOver(consumer: string, to: number): Promise<() => Promise<unknown>> {
  const move = `UPDATE projections.checkpoints SET position = $2 WHERE follower = $1`;
  const name = `reactor:${consumer}`;
  const { rows } = await pool.query('SELECT position FROM projections.checkpoints WHERE follower = $1', [name]);
  await pool.query(move, [name, to]);
  return async () => {
    await pool.query('DELETE FROM projections.parked WHERE follower = $1', [name]);
    await pool.query(move, [name, rows[0].position]);
  };
}

it('denies the account and withholds the image of a parked review after a restart, whatever is stored since', async () => {
  const { administrator, administratorToken, runtime } = gatehouse;
  const { accountId } = (await administrator.post('/v1/waitlist', { email: 'ada@example.org' })).body;
  const flag = { imageId: 'img-1', accountId, flaggedBy: 'det-1', flaggerKind: 'detector', categories: [] };
  await administrator.post('/v1/events', cloudEvent('ImageGenerated', { imageId: 'img-1', accountId }));
  await administrator.post('/v1/events', cloudEvent('ContentFlagged', flag));
  await gatehouse.settle();
  await judge(administrator, 'img-1', 'unsafe');
  const confirmed = (await runtime.store.readStream('case-img-1')).find(({ type }) => type === 'ReviewConfirmed')!;
  await park(accountId, confirmed.position);
  const takeBack = await passOver('enforcing', await runtime.store.head());
  await administrator.post(`/v1/accounts/${accountId}/deactivation`, { reason: 'spam' });
  await administrator.post(`/v1/accounts/${accountId}/reinstatement`, { reason: 'appeal' });

  const beside = await gatehouse.beside();
  try {
    const restarted = client(beside.url, administratorToken);
    const ask = async (id: string, action: string) => {
      const { body } = await restarted.post('/access/v1/evaluation', {
        subject: { type: 'account', id },
        action: { name: action },
        resource: { type: 'image', id: 'img-1' },
      });
      expect(body.decision).toBe(false);
      return body.context.reason;
    };
    let reason = 'decision-point-stale';
    // Until it has read the head of the log.
    await until(async () => {
      reason = await ask(accountId, 'generate');
      return reason !== 'decision-point-stale';
    });
    expect(reason).toBe('account-deactivated');
    expect((await restarted.get(`/v1/accounts/${accountId}`)).body.why[0].reason).toBe(reason);
  } finally {
    await beside.close();
    await takeBack();
  }
});

it('refuses reviews of a case with a parked flag, and nothing else', async () => {
  const { administrator } = gatehouse;
  await parkFor('case-opening', 'ContentFlagged', 'img-parked', 1);
  const verdict = { caseId: 'img-parked', reviewer: 'rev-1', verdict: 'unsafe' };
  const confirmed = { caseId: 'img-parked', imageId: 'img-parked', categories: [], reviewers: ['rev-1'] };
  const { status, body } = await administrator.post('/v1/events', [
    cloudEvent('VerdictGiven', verdict),
    cloudEvent('ReviewConfirmed', confirmed),
    cloudEvent('ImageGenerated', { imageId: 'img-3', accountId: 'acc-3' }),
  ]);
  expect(status).toBe(202);
  expect(body.results.map(({ reason, outcome }: Record<string, string>) => reason ?? outcome)).toEqual([
    'case-parked',
    'case-parked',
    'accepted',
  ]);
  const given = await judge(administrator, 'img-parked', 'unsafe');
  expect([given.status, given.body.type]).toEqual([409, expect.stringMatching(/case-parked$/)]);
  await gatehouse.settle();
  const asked = await administrator.post('/access/v1/evaluation', {
    subject: { type: 'reviewer', id: 'rev-1' },
    action: { name: 'review' },
    resource: { type: 'case', id: 'img-parked' },
  });
  expect(asked.body).toMatchObject({ decision: false, context: { reason: 'case-parked' } });
});

it('shows a parked event of a consumer with its key and error beside the views', async () => {
  const { administrator } = gatehouse;
  await park('acc-shown', 1);
  const { reactions } = (await administrator.get('/v1/views')).body;
  const names = reactions.map(({ name }: { name: string }) => name);
  expect(names).toEqual([...names].sort());
  const { parked } = reactions.find(({ name }: { name: string }) => name === 'enforcing');
  expect(parked).toContainEqual({
    key: 'acc-shown',
    position: '1',
    eventType: 'ReviewConfirmed',
    error: 'TypeError: not fixed yet',
  });
});
