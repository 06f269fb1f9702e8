import { describe, expect, it } from '@jest/globals';
import { ViewReader } from '../../libs/projections/view-reader.js';
import { startGatehouse } from '../../test/support/gatehouse.js';
import { FollowingViews } from './following-views.js';

describe('views that follow the log on their own', () => {
  it('have what is stored once it is settled, and so do the reactors', async () => {
    const gatehouse = await startGatehouse({ background: 'views' });
    try {
      const site = await gatehouse.as('site', 'service');
      const flag = { imageId: 'image-1', flaggedBy: 'somebody', flaggerKind: 'user', categories: ['violent'] };
      const event = { specversion: '1.0', id: 'flag-1', source: '/site', type: 'ContentFlagged', data: flag };
      const headers = { 'content-type': 'application/cloudevents+json' };
      const sent = await site.post('/v1/events', JSON.stringify(event), headers);
      expect(sent.status).toBe(202);
      await gatehouse.settle();
      const { body } = await gatehouse.administrator.get('/v1/views');
      expect(body.items.every(({ live }: { live: boolean }) => live)).toBe(true);
      const found = await gatehouse.administrator.get('/v1/cases/image-1');
      expect(found.status).toBe(200);
    } finally {
      await gatehouse.close();
    }
  });

  it('are given up if they do not move', async () => {
    const reader = new ViewReader(undefined as never);
    const views = new FollowingViews({ position: 3 }, reader, { head: () => Promise.resolve(4) }, undefined, 1);
    await expect(views.processAll()).rejects.toMatchObject({ code: 'views-stalled' });
  });

  it('are waited for no longer once the signal aborts', async () => {
    const stop = new AbortController();
    const reader = new ViewReader(undefined as never);
    const views = new FollowingViews({ position: 3 }, reader, { head: () => Promise.resolve(4) }, stop.signal);
    const waiting = views.processAll();
    stop.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
  });

  it('are waited for no longer than until they have the head', async () => {
    const reader = new ViewReader(undefined as never);
    const views = new FollowingViews({ position: 4 }, reader, { head: () => Promise.resolve(4) }, undefined, 1);
    await views.processAll();
  });
});
