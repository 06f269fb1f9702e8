import { expect, it } from '@jest/globals';
import { cloudEvent, startGatehouse } from '../support/gatehouse.js';

const ONE = { 'content-type': 'application/cloudevents+json' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };
const generated = () => cloudEvent('ImageGenerated', { imageId: 'img-1', accountId: 'acc-1' });
const flagged = () =>
  cloudEvent('ContentFlagged', { imageId: 'img-1', flaggedBy: 'acc-9', flaggerKind: 'user', categories: [] });
const confirmed = () => {
  const votes = { safe: 0, unsafe: 1, unsure: 0 };
  return cloudEvent('ReviewConfirmed', { caseId: 'img-1', imageId: 'img-1', categories: [], votes, round: 1 });
};

it('accepts a confirmation in one batch with its image and its flag, and deactivates the image’s account', async () => {
  const gatehouse = await startGatehouse({ background: true });
  try {
    const tool = await gatehouse.as('tool', 'service');
    const { body } = await tool.post('/v1/events', [confirmed(), flagged(), generated()], BATCH);
    expect(body.results).toMatchObject(Array(3).fill({ outcome: 'accepted' }));
    const shown = await gatehouse.administrator.get('/v1/cases/img-1');
    expect(shown.body).toMatchObject({ status: 'confirmed', accountId: 'acc-1' });
  } finally {
    await gatehouse.close();
  }
});

it('asks to retry a confirmation while its flag waits for its case, instead of calling the case unknown', async () => {
  const gatehouse = await startGatehouse();
  try {
    const tool = await gatehouse.as('tool', 'service');
    await tool.post('/v1/events', [generated(), flagged()], BATCH);
    const event = confirmed();
    const early = await tool.post('/v1/events', event, ONE);
    expect([early.status, early.body.type, early.headers.get('retry-after')]).toEqual([
      503,
      expect.stringMatching(/store-unavailable$/),
      '1',
    ]);
    await gatehouse.settle();
    expect((await tool.post('/v1/events', event, ONE)).body.results).toMatchObject([{ outcome: 'accepted' }]);
    expect((await gatehouse.administrator.get('/v1/quarantine')).body.items).toEqual([]);
  } finally {
    await gatehouse.close();
  }
});
