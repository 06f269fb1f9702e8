import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Standalone } from '../../apps/standalone/standalone.js';
import { expectAddressInvariants } from '../support/address-invariants.js';
import { type Client, client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { wholeLog } from '../support/whole-log.js';

let gatehouse: TestGatehouse;
let second: Standalone;
/** By process. */
let callers: Client[];

beforeAll(async () => {
  gatehouse = await startGatehouse();
  second = await gatehouse.beside();
  callers = [gatehouse, second].map(({ url }) => client(url, gatehouse.administratorToken));
});
afterAll(async () => {
  await second.close();
  await gatehouse.close();
});

const MANY = 150;
const times = <One>(count: number, of: (n: number) => Promise<One>) =>
  Promise.all(Array.from({ length: count }, (_, n) => of(n)));
const caller = (n: number) => callers[n % callers.length]!;
const statuses = (answers: readonly { status: number }[]) => [...new Set(answers.map(({ status }) => status))].sort();

async function settled() {
  await gatehouse.settle();
  const log = await wholeLog(gatehouse.runtime.store);
  expectAddressInvariants(log);
  return log;
}

it('gives an account one address at a time, however many changes come at once', async () => {
  const { accountId } = (await caller(0).post('/v1/waitlist', { email: 'change@example.org' })).body;
  const answers = await times(MANY, (n) =>
    caller(n).put(`/v1/accounts/${accountId}/address`, { email: `change-${n}@example.org` }),
  );
  expect(statuses(answers)).toEqual([200]);
  await settled();
});

it('gives an address to one of the accounts that ask for it at once', async () => {
  const joined = await times(40, (n) => caller(n).post('/v1/waitlist', { email: `rival-${n}@example.org` }));
  const answers = await Promise.all(
    joined.map(({ body }, n) =>
      caller(n).put(`/v1/accounts/${body.accountId}/address`, { email: 'prize@example.org' }),
    ),
  );
  expect(statuses(answers)).toEqual([200, 409]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  await settled();
});

it('gives one account to everybody who joins with an address at once', async () => {
  const answers = await times(MANY, (n) => caller(n).post('/v1/waitlist', { email: 'crowd@example.org' }));
  expect(new Set(answers.map(({ body }) => body.accountId)).size).toBe(1);
  await settled();
});
