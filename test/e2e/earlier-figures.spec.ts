import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { safetyImagesView } from '../../libs/safety/views/safety-images.js';
import { cliFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

const GROUPINGS = [undefined, 'day', 'week', 'category', 'clause', 'cohort', 'model'];

let gatehouse: TestGatehouse;
let compliance: Client;
let service: Client;
const known: { position: string; figures: unknown[] }[] = [];

const send = async (...events: unknown[]) => {
  const { body } = await service.post('/v1/events', events);
  expect(JSON.stringify(body)).not.toMatch(/refused|rejected|quarantined/);
  await gatehouse.settle();
};
const figuresAt = async (asOf?: string) => {
  const found: unknown[] = [];
  for (const by of GROUPINGS) {
    const query = new URLSearchParams({ ...(by !== undefined && { by }), ...(asOf !== undefined && { asOf }) });
    const { status, body } = await compliance.get(`/v1/safety/metrics?${query}`);
    expect(status).toBe(200);
    const { position: _, ...figures } = body;
    found.push(figures);
  }
  return found;
};
/** What the live views say now. */
const note = async () => {
  await gatehouse.settle();
  const { position } = (await compliance.get('/v1/safety/metrics')).body;
  known.push({ position, figures: await figuresAt() });
};

beforeAll(async () => {
  gatehouse = await startGatehouse();
  compliance = await gatehouse.as('carla', 'compliance');
  service = await gatehouse.as('images', 'service');
  const [rita, lena] = [await gatehouse.as('rita', 'reviewer'), await gatehouse.as('lena', 'lead')];
  await gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 100 });
  const ids = Array.from({ length: 6 }, (_, n) => n + 1);
  const accounts = ids.map((n) => `acc-${n}`);
  await send(...accounts.map((accountId) => cloudEvent('WaitlistJoined', { accountId, email: `${accountId}@x.org` })));
  await gatehouse.administrator.post('/v1/cohorts', { cohortId: 'first', accounts: accounts.slice(0, 4) });
  await send(
    ...ids.map((n) => cloudEvent('ImageGenerated', { imageId: `img-${n}`, accountId: `acc-${n}`, model: `m${n % 2}` })),
    ...ids.slice(1).map((n) => cloudEvent('ImageShared', { imageId: `img-${n}`, accountId: `acc-${n}` })),
  );
  await note();
  await send(
    ...ids.slice(1).map((n) =>
      cloudEvent('ContentFlagged', {
        imageId: `img-${n}`,
        flaggedBy: 'acc-9',
        flaggerKind: 'user',
        categories: ['hate'],
      }),
    ),
  );
  await note();
  for (const [n, verdict] of [
    [2, 'unsafe'],
    [3, 'safe'],
    [4, 'unsafe'],
  ] as const)
    expect((await judge(rita, `img-${n}`, verdict)).status).toBe(200);
  await note();
  await send(cloudEvent('ImageDownloaded', { imageId: 'img-1', accountId: 'acc-1' }));
  expect((await lena.post('/v1/cases/img-3/reopen', { reason: 'the clause was clarified' })).status).toBe(200);
  await gatehouse.administrator.post('/v1/accounts/acc-2/reinstatement', { reason: 'a mistake' });
  await note();
});
afterAll(() => gatehouse?.close());

it('answers what the figures were at each earlier position, whatever came later', async () => {
  const wholes = known.map(({ figures }) => JSON.stringify(figures[0]));
  expect(new Set(wholes).size).toBe(known.length);
  for (const { position, figures } of known) expect([position, await figuresAt(position)]).toEqual([position, figures]);
});

it('takes a time, and nothing else', async () => {
  expect(await figuresAt('2100-01-01T00:00:00Z')).toEqual(known.at(-1)!.figures);
  expect(((await figuresAt('2001-01-01T00:00:00Z')) as { whole: object }[])[0]!.whole).toMatchObject({
    ...{ generated: 0, exposed: 0, flaggedShare: null },
  });
  for (const asOf of ['now', '-1', '2022-05-18'])
    expect((await compliance.get(`/v1/safety/metrics?asOf=${asOf}`)).status).toBe(400);
  expect(await compliance.get('/v1/safety/metrics?asOf=999999999')).toMatchObject({
    status: 410,
    body: { type: expect.stringMatching(/position-gone$/) },
  });
  const cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const shown = await cli.run('metrics', '--as-of', known[0]!.position, '--json');
  expect(shown.json()).toEqual({ ...(known[0]!.figures[0] as object), position: known[0]!.position });
});

it('says that a replay is running while another one is', async () => {
  let answered: unknown;
  await gatehouse.runtime.rebuilder.readAt([safetyImagesView], 0, async () => {
    answered = await compliance.get('/v1/safety/metrics?asOf=1');
  });
  expect(answered).toMatchObject({ status: 503, body: { type: expect.stringMatching(/replay-running$/) } });
  expect((await compliance.get('/v1/safety/metrics?asOf=1')).status).toBe(200);
});
