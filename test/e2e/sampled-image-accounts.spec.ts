import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { reactorsOf } from '../../apps/composition/workers.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import { Projector } from '../../libs/projections/projector.js';
import { casesView } from '../../libs/review/index.js';
import { placeInMillion } from '../../libs/safety/prevalence-sample.js';
import { PREVALENCE_SAMPLING } from '../../libs/safety/processes/prevalence-sampling.js';
import { safetyImagesView } from '../../libs/safety/views/safety-images.js';
import { REACTOR_PREFIX } from '../../libs/subscriptions/reactor.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const PER_MILLION = 100_000;

let gatehouse: TestGatehouse;
beforeAll(async () => {
  gatehouse = await startGatehouse();
});
afterAll(() => gatehouse.close());

/** An image that the key of this installation chooses. */
function chosenImage(): string {
  const { personKeys } = gatehouse.runtime;
  for (let n = 0; ; n++)
    if (placeInMillion(personKeys.keyedHash(`prevalence\nimg-${n}`)) < PER_MILLION) return `img-${n}`;
}

it('has the account of a sampled image that was generated and shared at once, before the view of images has it', async () => {
  const { runtime, administrator } = gatehouse;
  const { pool, log, locks, rebuilder, viewReader, store } = runtime;
  const sampling = { secondReviewPercent: 0, secondReviewOfDeactivations: false, goldenPercent: 0, reason: 'a test' };
  const lena = await gatehouse.as('lena', 'lead');
  expect((await lena.put('/v1/review-sampling', { ...sampling, prevalencePerMillion: PER_MILLION })).status).toBe(200);
  const imageId = chosenImage();
  const events = [
    cloudEvent('ImageGenerated', { imageId, accountId: 'acc-7' }),
    cloudEvent('ImageShared', { imageId, accountId: 'acc-7' }),
  ];
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  expect((await administrator.post('/v1/events', events, headers)).status).toBe(202);
  // Those that the choice depends on, and no others.
  const views = [safetyImagesView, casesView] as never;
  await new Projector(pool, log, views, locks, rebuilder, { page: viewReader.moved }).processAll();
  const reactors = reactorsOf(runtime, new Metrics());
  await reactors.find(({ name }) => name === REACTOR_PREFIX + PREVALENCE_SAMPLING)!.processAll();
  const [opened] = await store.readStream(`case-${imageId}`);
  expect(opened).toMatchObject({ type: 'CaseOpened', data: { origin: 'sample', accountId: 'acc-7' } });
});
