import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
let carol: Client;
let run: ReturnType<typeof commandLineFor>['run'];

beforeAll(async () => {
  gatehouse = await startGatehouse();
  carol = await gatehouse.as('carol', 'compliance');
  ({ run } = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken }));
});
afterAll(() => gatehouse.close());

const WHY = ['--reason', 'letter 17'];
const records = async (query = '') => (await carol.get(`/v1/authority-records${query}`)).body;
const order = (...args: string[]) => run('authority', 'order', 'order-1', '--country', 'DE', ...args, ...WHY);
const RECEIVED = ['--received', '2022-05-18T11:00:00+02:00'];

it('records orders, disputes and trusted flaggers, corrects them, and shows them as they were', async () => {
  expect(await records()).toMatchObject({ orders: [], disputes: [], trustedFlaggers: [], position: '0' });
  const act = ['--kind', 'act', '--items', '2', '--category', 'STATEMENT_CATEGORY_VIOLENCE', ...RECEIVED];
  expect(await order(...act)).toMatchObject({ code: 0, stderr: '' });
  const before = await records();
  expect(before.orders).toMatchObject([
    { orderId: 'order-1', items: 2, receivedAt: '2022-05-18T09:00:00.000Z', carriedOutAt: null },
  ]);
  expect((await order(...act)).stdout).toContain(`from position ${before.position}`);
  expect(await order(...act, '--carried-out', '2022-05-18T12:00:00Z', '--if-match', before.etag)).toMatchObject({
    code: 0,
  });
  expect((await order(...act, '--items', '3', '--if-match', before.etag)).stderr).toContain('changed');
  const decided = ['--decided', '2022-06-18T09:00:00Z', '--outcome', 'reversed', '--implemented', 'yes'];
  await run('authority', 'dispute', 'dispute-1', '--submitted', '2022-05-18T09:00:00Z', ...decided, ...WHY);
  await run('authority', 'trust-flagger', 'acc-9', ...WHY);
  await run('authority', 'trust-flagger', 'acc-8', ...WHY);
  await run('authority', 'distrust-flagger', 'acc-8', ...WHY);
  expect(await records()).toMatchObject({
    orders: [{ orderId: 'order-1', carriedOutAt: '2022-05-18T12:00:00.000Z' }],
    disputes: [{ disputeId: 'dispute-1', outcome: 'reversed', isImplemented: true }],
    trustedFlaggers: [{ flaggerId: 'acc-9', reason: 'letter 17' }],
  });
  expect(await records(`?asOf=${before.position}`)).toEqual(before);
  const shown = (await run('authority', 'records')).stdout;
  for (const text of ['order-1', 'STATEMENT_CATEGORY_VIOLENCE', 'dispute-1', 'acc-9']) expect(shown).toContain(text);
});

it('refuses what can’t be meant, and other roles', async () => {
  expect((await order('--kind', 'inform', '--items', '2', ...RECEIVED)).stderr).toContain('items');
  expect((await order('--kind', 'inform', '--received', '2999-05-18T09:00:00Z')).stderr).toContain('future');
  const rita = await gatehouse.as('rita', 'reviewer');
  expect((await rita.get('/v1/authority-records')).status).toBe(403);
  expect((await rita.put('/v1/trusted-flaggers/acc-7', { reason: 'mine' })).status).toBe(403);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
