import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { placeInMillion } from '../../libs/safety/prevalence-sample.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { servePictures } from '../support/golden-cases.js';
import { FOUNDED, judge } from '../support/judge.js';
import { lookAlike, sameReview } from '../support/look-alike.js';

const HOUR_MS = 3_600_000;
const PER_MILLION = 100_000;
/** What every flag says here, so that it does not matter whose case a sampled one is like. */
const SAID = { flaggedBy: 'det-1', flaggerKind: 'detector', categories: ['violent'], confidence: 0.85 };

let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let pictures: Awaited<ReturnType<typeof servePictures>>;
let service: Client;
let rita: Client;
let rob: Client;
let lena: Client;
let owners = 1_000;

beforeAll(async () => {
  pictures = await servePictures();
  gatehouse = await startGatehouse({ clock: { now: () => now }, env: pictures.env });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  rob = await gatehouse.as('rob', 'reviewer');
  lena = await gatehouse.as('lena', 'lead');
  const clauses = [
    { id: 'violent', title: 'No violence', severity: 2 },
    { id: 'hate', title: 'No hate', severity: 1 },
  ];
  await gatehouse.administrator.post('/v1/policy', { version: '2022-05-18', clauses });
  const sampling = { secondReviewPercent: 0, secondReviewOfDeactivations: false, reason: 'a test' };
  const set = await lena.put('/v1/review-sampling', { ...sampling, prevalencePerMillion: PER_MILLION });
  expect(set.status).toBe(200);
  const queues = [{ id: 'default' }, { id: 'sure' }, { id: 'found' }];
  const rules = [
    { queue: 'sure', minConfidence: 0.8 },
    { queue: 'found', sources: ['detector'] },
  ];
  const settings = { queues, rules, default: 'default', patienceHours: 24, reason: 'three kinds' };
  expect((await lena.put('/v1/queues', settings)).status).toBe(200);
  await gatehouse.settle();
});
afterAll(async () => {
  await gatehouse.close();
  await pictures.close();
});

/** Images that the key of this installation chooses, or others. */
function imagesThat(areChosen: boolean, count: number): string[] {
  const { personKeys } = gatehouse.runtime;
  const isChosen = (id: string) => placeInMillion(personKeys.keyedHash(`prevalence\n${id}`)) < PER_MILLION;
  const found: string[] = [];
  for (let n = 100; found.length < count; n++) if (isChosen(`pic-${n}`) === areChosen) found.push(`pic-${n}`);
  return found;
}

async function send(type: string, data: object, time = now): Promise<void> {
  const event = cloudEvent(type, { ...data }, { time: new Date(time).toISOString() });
  expect((await service.post('/v1/events', event)).status).toBe(202);
}

/** Its exposure opens a case if it is chosen. */
async function exposed(imageId: string): Promise<void> {
  const accountId = `acc-${++owners}`;
  await send('ImageGenerated', { imageId, accountId, prompt: 'a horse' }, now - HOUR_MS);
  await gatehouse.settle();
  await send('ImageDownloaded', { imageId });
  await gatehouse.settle();
}

async function flagged(imageId: string): Promise<void> {
  await exposed(imageId);
  await send('ContentFlagged', { imageId, ...SAID });
  await gatehouse.settle();
}

const originOf = async (caseId: string) => (await lena.get(`/v1/cases/${caseId}`)).body.origin;

it('looks like a flagged case to a reviewer at every step of its review', async () => {
  const [decided, common] = imagesThat(false, 2) as [string, string];
  const [sampled] = imagesThat(true, 1) as [string];
  await flagged(decided);
  expect((await judge(rob, decided, 'unsafe')).body.status).toBe('confirmed');
  await gatehouse.settle();
  now += HOUR_MS;
  await flagged(common);
  await exposed(sampled);
  expect([await originOf(common), await originOf(sampled)]).toEqual(['flags', 'sample']);
  const { body: review } = await rita.get(`/v1/cases/${sampled}/review`);
  expect(review.categories).toEqual([{ category: 'violent', flags: 1, confidence: 0.85 }]);
  const { body: shown } = await rita.get(`/v1/cases/${sampled}`);
  expect(shown).toMatchObject({ queue: 'sure', flagsReceived: 1, flags: [{ categories: ['violent'] }] });
  const because = Object.fromEntries(
    shown.priorityParts.map((one: { part: string; because: string }) => [one.part, one.because]),
  );
  expect(because).toMatchObject({
    confidence: 'the most confident flag has 0.85',
    flaggers: expect.stringMatching(/^of 1 decided flags of one flagger 1 were confirmed/),
  });
  const people = { gatehouse, reviewer: rita, lead: lena };
  const same = lookAlike(people, [common, sampled]);
  // By others, of whom one is less sure: the flag that came first, or seems to, is still the surest.
  await same(async (imageId) => send('ContentFlagged', { ...SAID, imageId, flaggedBy: 'det-2', confidence: 0.5 }));
  await same(async (imageId) =>
    send('ContentFlagged', { imageId, flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['hate'] }),
  );
  await sameReview(same, people, FOUNDED);
});

it('looks like a flagged case once it is dismissed', async () => {
  const [, , common] = imagesThat(false, 3) as [string, string, string];
  const [, sampled] = imagesThat(true, 2) as [string, string];
  now += HOUR_MS;
  await flagged(common);
  await exposed(sampled);
  expect([await originOf(common), await originOf(sampled)]).toEqual(['flags', 'sample']);
  const same = lookAlike({ gatehouse, reviewer: rita, lead: lena }, [common, sampled]);
  await same(async () => 'nothing');
  const claimed = await same(async (caseId) => (await judge(rita, caseId, 'safe')).body.status);
  expect(claimed).toBe('dismissed');
});
