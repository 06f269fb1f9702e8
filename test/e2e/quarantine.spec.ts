import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const WEEK_MS = 604_800_000;
const first = Date.parse('2030-05-18T09:00:00.000Z');
const now = { ms: first };

let gatehouse: TestGatehouse;
let service: Client;
beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now.ms } });
  service = await gatehouse.as('reporter', 'service');
});
afterAll(() => gatehouse.close());

/** The quarantined bytes of each event that was not accepted. */
async function keptOf(body: string, headers: Record<string, string>) {
  const { body: answer } = await service.post('/v1/events', body, headers);
  const kept: (string | undefined)[] = [];
  for (const { quarantineId } of answer.results)
    kept.push(quarantineId && (await gatehouse.administrator.get(`/v1/quarantine/${quarantineId}`)).body.raw);
  return kept;
}

const ODD = '{ "imageId":"img 1", "n":12345678901234567890, "one":1.0, "twice":1, "twice":2, "u":"\\u00e9" }';
const event = (data: string, id = 'odd') =>
  `{"specversion":"1.0", "id":"${id}" ,"source":"/odd","type":"ImageShared","data":${data}}`;

it.each([
  ['application/json', `\ufeff${event(ODD)}`, [event(ODD)]],
  ['application/cloudevents+json', ` ${event(ODD, 'structured')}\n`, [` ${event(ODD, 'structured')}\n`]],
  [
    'application/cloudevents-batch+json',
    `[ ${event(ODD, 'a')},\n${JSON.stringify(cloudEvent('ImageShared', { imageId: 'i-1', accountId: 'a' }))},7, "é,]" ]`,
    [event(ODD, 'a'), undefined, '7', '"é,]"'],
  ],
])('keeps the exact bytes of a rejected event: %s', async (type, body, kept) => {
  expect(await keptOf(body, { 'content-type': type })).toEqual(kept);
});

it('keeps the exact data of a quarantined event in binary mode, beside its attributes', async () => {
  const headers = { 'ce-specversion': '1.0', 'ce-id': 'b-1', 'ce-source': '/odd', 'ce-type': 'ImageShared' };
  const [kept] = await keptOf(ODD, { 'content-type': 'application/json', ...headers });
  expect(kept).toContain(`"data":${ODD}}`);
  const attributes = { specversion: '1.0', id: 'b-1', source: '/odd', type: 'ImageShared' };
  expect(JSON.parse(kept!)).toEqual({ ...attributes, datacontenttype: 'application/json', data: JSON.parse(ODD) });
});

it('gives a replayed event without a time the time of its first arrival', async () => {
  const flag = {
    imageId: 'late',
    accountId: 'acc-1',
    flaggedBy: 'acc-2',
    flaggerKind: 'user',
    categories: ['violent'],
  };
  const confirmed = cloudEvent('ReviewConfirmed', {
    caseId: 'late',
    imageId: 'late',
    accountId: 'acc-1',
    categories: [],
    reviewers: ['rev-x'],
  });
  await gatehouse.settle();
  const { quarantineId, reason } = (await service.post('/v1/events', confirmed)).body.results[0];
  expect(reason).toBe('case-unknown');
  now.ms += WEEK_MS;
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId: 'late', accountId: 'acc-1', prompt: 'a horse' }),
    cloudEvent('ContentFlagged', flag),
  ]);
  await gatehouse.settle();
  const replayed = await service.post(`/v1/quarantine/${quarantineId}/replay`);
  expect(replayed.body).toMatchObject({ outcome: 'accepted' });
  const { events } = (await gatehouse.administrator.get('/v1/log?types=ReviewConfirmed')).body;
  expect(events).toMatchObject([{ metadata: { time: new Date(first).toISOString() } }]);
});
