import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { imagesView } from '../../libs/images/index.js';
import { NotCaughtUp } from '../../libs/kernel/errors.js';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
beforeAll(async () => {
  gatehouse = await startGatehouse();
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

it('share each look at the position of a view, however many wait for it', async () => {
  const { pool, viewReader } = gatehouse.runtime;
  const queries = jest.spyOn(pool, 'query');
  const beyond = Number.MAX_SAFE_INTEGER;
  const waiting = Array.from({ length: 100 }, () => viewReader.reached(imagesView, beyond, 0));
  for (const outcome of await Promise.allSettled(waiting))
    expect(outcome).toEqual({ status: 'rejected', reason: expect.any(NotCaughtUp) });
  expect(queries.mock.calls.length).toBeLessThan(10);
  queries.mockRestore();
  const head = await gatehouse.runtime.log.head();
  await viewReader.reached(imagesView, head, 0);
});
