import { createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { systemClock } from '../../libs/kernel/clock.js';
import { catalogue } from './catalogue.js';
import { checkEventStoreDB, openEventStoreDB } from './event-log.js';

it('reports in one line at the start that the event store is unavailable', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const store = await openEventStoreDB(`kurrentdb://127.0.0.1:${port}?tls=false`, systemClock, catalogue.stored, {
    lostRejection() {},
  });
  const failure = await checkEventStoreDB(store).catch((error) => error);
  expect(failure).toMatchObject({ name: 'StartFailure', code: 'eventstore-away' });
  expect(failure.message).toMatch(
    /^the event store of GATEHOUSE_EVENTSTORE_URL can't be used .*ECONNREFUSED.*: start it, or correct the address$/,
  );
  await store.close();
});
