import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AddressClaims } from '../../libs/account/features/address-claims.js';
import { addressSettling } from '../../libs/account/processes/address-settling.js';
import { APPEND, READ_STREAMS } from '../../libs/event-store/postgres/statements.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { startNoticeReceiver } from '../support/notice-receiver.js';
import { logStatementsOf } from '../support/statements.js';
import { wholeLog } from '../support/whole-log.js';

const READ = READ_STREAMS.name;
const WRITE = APPEND.name;
/** The address is reserved, the account joins, and the address is its own. */
const JOIN = [WRITE, WRITE, WRITE];

let receiver: Awaited<ReturnType<typeof startNoticeReceiver>>;
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let nobody: Client;
beforeAll(async () => {
  receiver = await startNoticeReceiver();
  const env = { ...receiver.env, GATEHOUSE_WAITLIST_CONFIRM_URL: 'https://example.org/confirm' };
  gatehouse = await startGatehouse({ env });
  service = await gatehouse.as('web-site', 'service');
  operator = await gatehouse.as('olga', 'operator');
  nobody = await gatehouse.as('nobody');
  await operator.post('/v1/policy', { version: 'v1' });
  // What the first request reads of its token is no part of a join.
  for (const one of [service, nobody]) await one.post('/v1/waitlist', { email: 'first@example.org' });
});
afterAll(async () => {
  await gatehouse.close();
  receiver.close();
});

describe('a join', () => {
  it.each([{}, { policyVersion: 'v1', reason: 'to paint' }])('reads once and appends three times: %j', async (more) => {
    const email = `${Object.keys(more).length}@example.org`;
    expect(await logStatementsOf(() => service.post('/v1/waitlist', { email, ...more }))).toEqual([READ, ...JOIN]);
  });

  it('without a credential reads the switches before anything of a person', async () => {
    const join = () => nobody.post('/v1/waitlist', { email: 'nobody@example.org' });
    expect(await logStatementsOf(join)).toEqual([READ, READ, ...JOIN]);
    expect(await logStatementsOf(join)).toEqual([READ, READ, READ, READ]);
  });

  it('of another system costs no more', async () => {
    const event = cloudEvent('WaitlistJoined', { accountId: 'acc-in', email: 'in@example.org' });
    expect(await logStatementsOf(() => service.post('/v1/events', event))).toEqual([READ, ...JOIN]);
  });

  it('that changes nothing appends nothing', async () => {
    await service.post('/v1/waitlist', { email: 'again@example.org' });
    const again = await logStatementsOf(() => service.post('/v1/waitlist', { email: 'again@example.org' }));
    expect(again).toEqual([READ, READ, READ]);
  });

  it('leaves one read to the consumer of reservations', async () => {
    const [reserved] = await wholeLog(gatehouse.runtime.store, ['AddressReserved']);
    const consumer = addressSettling(gatehouse.app.get(AddressClaims));
    expect(await logStatementsOf(() => consumer.react(reserved as never))).toEqual([READ]);
  });
});
