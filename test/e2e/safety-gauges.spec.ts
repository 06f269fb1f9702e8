import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
beforeAll(async () => {
  gatehouse = await startGatehouse();
  const image = cloudEvent('ImageGenerated', { imageId: 'img-1', accountId: 'ann' });
  expect((await gatehouse.administrator.post('/v1/events', image)).status).toBe(202);
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

const disregarded = async () => {
  const { body } = await gatehouse.administrator.get('/metrics');
  return body.match(/^gatehouse_disregarded_decisions\{.*$/gm) ?? [];
};

it('are absent, not 0, while they can’t be read', async () => {
  const known = await disregarded();
  expect(known).toContain('gatehouse_disregarded_decisions{reason="not-onboarded"} 1');
  expect(known).toContain('gatehouse_disregarded_decisions{reason="share-restricted"} 0');
  const { pool } = gatehouse.runtime;
  const away = jest.spyOn(pool, 'query').mockImplementation(() => Promise.reject(new Error('Connection terminated')));
  try {
    expect(await disregarded()).toEqual([]);
    expect((await gatehouse.administrator.get('/metrics')).body).not.toMatch(/^gatehouse_(safety|review)_/m);
  } finally {
    away.mockRestore();
  }
  expect(await disregarded()).toEqual(known);
});

it('cost one query of each kind for a scrape', async () => {
  const queries = jest.spyOn(gatehouse.runtime.pool, 'query');
  try {
    await gatehouse.administrator.get('/metrics');
    const texts = queries.mock.calls.map(([query]: unknown[]) => (query as { text?: string }).text ?? String(query));
    for (const table of ['safety_counters', 'disregard_counters'])
      expect([table, texts.filter((text) => text.includes(table)).length]).toEqual([table, 1]);
  } finally {
    queries.mockRestore();
  }
});
