import { expect, it } from '@jest/globals';
import { cloudEvent, startGatehouse } from '../support/gatehouse.js';

const ONE = { 'content-type': 'application/cloudevents+json' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };
const generated = () => cloudEvent('ImageGenerated', { imageId: 'img-1', accountId: 'acc-1' });
const flagged = () =>
  cloudEvent('ContentFlagged', { imageId: 'img-1', flaggedBy: 'acc-9', flaggerKind: 'user', categories: [] });
const confirmed = () => {
  const votes = { safe: 0, unsafe: 1, unsure: 0 };
  return cloudEvent('ReviewConfirmed', {
    caseId: 'img-1',
    imageId: 'img-1',
    categories: [],
    votes,
    round: 1,
    reviewers: ['rev-1'],
  });
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

it('accepts a confirmation whose image and flag no consumer has processed yet', async () => {
  const gatehouse = await startGatehouse();
  try {
    const tool = await gatehouse.as('tool', 'service');
    await tool.post('/v1/events', [generated(), flagged()], BATCH);
    const { body } = await tool.post('/v1/events', confirmed(), ONE);
    expect(body.results).toMatchObject([{ outcome: 'accepted' }]);
    expect((await gatehouse.administrator.get('/v1/cases/img-1')).body).toMatchObject({ accountId: 'acc-1' });
    expect((await gatehouse.administrator.get('/v1/quarantine')).body.items).toEqual([]);
  } finally {
    await gatehouse.close();
  }
});
