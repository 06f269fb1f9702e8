import { expect, it } from '@jest/globals';
import { startGatehouse } from '../support/gatehouse.js';
import { createTestDatabase } from '../support/test-database.js';

it('asks clients to retry until the views are first built', async () => {
  const gatehouse = await startGatehouse({ database: await createTestDatabase() });
  try {
    const paths = [
      '/v1/waitlist',
      '/v1/rollout',
      '/v1/cohorts',
      '/v1/cohorts/c1',
      '/v1/cases',
      '/v1/images/img-1',
      '/v1/safety/metrics',
    ];
    const ask = async (path: string) => {
      const { status, headers } = await gatehouse.administrator.get(path);
      return [path, status, headers.has('retry-after')];
    };
    for (const path of paths) expect(await ask(path)).toEqual([path, 503, true]);
    await gatehouse.settle();
    for (const path of paths) expect((await ask(path))[1]).toBe(/\/(c1|img-1)$/.test(path) ? 404 : 200);
  } finally {
    await gatehouse.close();
  }
});
