import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contexts, descriptorsOf } from '../../apps/contexts.js';
import { Catalogue } from '../../libs/context/catalogue.js';
import { viewTable } from '../../libs/projections/view-tables.js';
import { commandLineFor } from '../support/cli-process.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { feedback, feedbackView } from './planted-context.js';

describe('a context that is one line of the list', () => {
  const listed = [...contexts, feedback];
  let gatehouse: TestGatehouse;

  beforeAll(async () => {
    gatehouse = await startGatehouse({ catalogue: new Catalogue(await descriptorsOf(listed)) });
  });
  afterAll(() => gatehouse.close());

  const rows = async () => {
    const { rows: found } = await gatehouse.runtime.pool.query(
      `SELECT * FROM ${viewTable(feedbackView)} ORDER BY feedback_id`,
    );
    return found;
  };

  it('has its migrations applied', async () => {
    const { rows: found } = await gatehouse.runtime.pool.query(`SELECT to_regclass('feedback_topics') AS created`);
    expect(found).toEqual([{ created: 'feedback_topics' }]);
  });

  it('has its route served, its command decided and its event stored', async () => {
    const answer = await gatehouse.administrator.post('/v1/feedback', { feedbackId: 'by-route', stars: 4 });
    expect(answer).toMatchObject({ status: 201, body: { position: expect.stringMatching(/^\d+$/) } });
    const wrong = await gatehouse.administrator.post('/v1/feedback', { feedbackId: 'by-route', stars: 6 });
    expect(wrong).toMatchObject({ status: 400, body: { errors: [{ field: '/stars' }] } });
    const { events } = (await gatehouse.administrator.get('/v1/log?types=FeedbackGiven')).body;
    expect(events).toMatchObject([{ stream: 'feedback-by-route', data: { feedbackId: 'by-route', stars: 4 } }]);
  });

  it('has its inbound event processed as a command', async () => {
    const event = cloudEvent('FeedbackGiven', { feedbackId: 'from-outside', stars: 2 });
    const { body } = await gatehouse.administrator.post('/v1/events', event);
    expect(body).toMatchObject({ results: [{ outcome: 'accepted' }] });
    const { events } = (await gatehouse.administrator.get('/v1/log?stream=feedback-from-outside')).body;
    expect(events).toMatchObject([{ type: 'FeedbackGiven', data: { stars: 2 } }]);
  });

  it('has its view kept up to date and its consumer run by the workers', async () => {
    await gatehouse.settle();
    expect(await rows()).toEqual([
      { feedback_id: 'by-route', stars: 4, answered: true },
      { feedback_id: 'from-outside', stars: 2, answered: true },
    ]);
    const { items, reactions } = (await gatehouse.administrator.get('/v1/views')).body;
    expect(items).toContainEqual(expect.objectContaining({ name: 'feedback', live: true }));
    expect(reactions).toContainEqual(expect.objectContaining({ name: 'answering', parked: [] }));
  });

  it('has its public events in the feed', async () => {
    const { events } = (await gatehouse.administrator.get('/v1/events?types=FeedbackGiven')).body;
    expect(events.map(({ data }: { data: unknown }) => data)).toEqual([
      { feedbackId: 'by-route', stars: 4 },
      { feedbackId: 'from-outside', stars: 2 },
    ]);
  });

  it('is in the documents of the API', async () => {
    const openApi = (await gatehouse.administrator.get('/openapi.json')).body;
    expect(openApi.tags).toContainEqual({ name: 'Feedback', description: 'What people think of the product.' });
    expect(openApi.paths['/v1/feedback'].post).toMatchObject({ operationId: 'giveFeedback', tags: ['Feedback'] });
    expect(openApi.components.schemas.GiveFeedbackBody.required.sort()).toEqual(['feedbackId', 'stars']);
    const asyncApi = (await gatehouse.administrator.get('/asyncapi.json')).body;
    expect(Object.keys(asyncApi.channels.eventsIn.messages)).toContain('FeedbackGiven');
    expect(Object.keys(asyncApi.channels.eventsOut.messages)).toContain('FeedbackGiven');
    expect((await gatehouse.administrator.get('/docs')).body).toContain('<article id="giveFeedback">');
  });

  it('has its commands in the command line', async () => {
    const { run } = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken }, listed);
    expect(await run('feedback', 'by-command', '5')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^stored at position \d+\n$/),
    });
    expect((await run('--help')).stdout).toContain('Gives feedback.');
  });

  it('is in no catalogue without its line', async () => {
    const without = new Catalogue(await descriptorsOf(contexts));
    expect(without.events.map(({ type }) => type)).not.toContain('FeedbackGiven');
    expect(without.views).not.toContain(feedbackView);
  });

  it('must not define again what another context defines', async () => {
    const twice = await descriptorsOf([...listed, feedback]);
    expect(() => new Catalogue(twice)).toThrow(
      'two contexts define the event type FeedbackGiven, FeedbackAnswered; rename one',
    );
  });
});
