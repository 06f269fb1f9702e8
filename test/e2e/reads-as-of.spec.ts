import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { LogEpoch } from '../../libs/event-store/log-epoch.js';
import { hasAsOf } from '../../libs/http/as-of.js';
import { DeclaredRoutes } from '../../libs/http/credentials/declared-routes.js';
import type { Position } from '../../libs/kernel/envelope.js';
import { changesBetween } from '../../libs/kernel/json-changes.js';
import { noticesView } from '../../libs/notices/views/notices.js';
import { EarlierViews, MOST_POSITIONS, UNREAD_MINUTES } from '../../libs/projections/earlier-views.js';
import { KeptReplays } from '../../libs/projections/kept-replays.js';
import { ViewReplays } from '../../libs/projections/replays.js';
import type { View } from '../../libs/projections/view.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { servePictures } from '../support/golden-cases.js';
import { hear } from '../support/hear.js';
import { judge } from '../support/judge.js';
import { startNoticeReceiver } from '../support/notice-receiver.js';
import { startStatementDatabase } from '../support/statement-database.js';

/** What is read of each route, beside what has no parameters. */
const READS: Record<string, readonly string[]> = {
  '/v1/appeals': ['?', '?status=open', '?account=acc-2'],
  '/v1/appeals/:id': ['/v1/appeals/img-2'],
  '/v1/bulk-jobs/:id': ['/v1/bulk-jobs/{job}'],
  '/v1/bulk-jobs/:id/skipped-cases': ['/v1/bulk-jobs/{job}/skipped-cases'],
  '/v1/cases': ['?', '?include=count,facets', '?status=open&sort=opened', '?account=acc-3&include=count'],
  '/v1/cases/:id': ['/v1/cases/img-2', '/v1/cases/img-5'],
  '/v1/cohorts/:id': ['/v1/cohorts/first'],
  '/v1/enforcement-targets/:name': ['/v1/enforcement-targets/gallery'],
  '/v1/enforcements': ['?account=acc-2', '?status=waiting'],
  '/v1/enforcements/:id': ['/v1/enforcements/img-2'],
  '/v1/golden-cases/:id': ['/v1/golden-cases/golden-1'],
  '/v1/image-rules/:rule': ['/v1/image-rules/photorealistic-faces'],
  '/v1/images/:id': ['/v1/images/img-2', '/v1/images/img-1'],
  '/v1/invitations/:batchId': ['/v1/invitations/spring'],
  '/v1/isolated-flags/:id': ['/v1/isolated-flags/acc-7'],
  '/v1/notices/:id': ['/v1/notices/{notice}'],
  '/v1/reviewers/:id': ['/v1/reviewers/rita'],
  '/v1/safety/metrics': ['?', '?by=day', '?by=category', '?by=cohort', '?by=model'],
  '/v1/statements/:id': ['/v1/statements/{statement}'],
  '/v1/switches/:action': ['/v1/switches/generate'],
  '/v1/waitlist': ['?', '?status=onboarded'],
  '/v1/waitlist/:accountId/place': ['/v1/waitlist/acc-6/place'],
};

let gatehouse: TestGatehouse;
let directory: string;
let receiver: Awaited<ReturnType<typeof startNoticeReceiver>>;
let pictures: Awaited<ReturnType<typeof servePictures>>;
let database: Awaited<ReturnType<typeof startStatementDatabase>>;
let lena: Client;
let compliance: Client;
let service: Client;
let admin: Client;
/** The routes, with what is read of each, and by whom. */
let reads: string[];
const ids = { job: 'none', notice: 'none', statement: 'none' };
const states: { position: Position; answers: Map<string, unknown> }[] = [];

const send = async (...events: unknown[]) => {
  const { body } = await service.post('/v1/events', events);
  expect(JSON.stringify(body)).not.toMatch(/refused|rejected|quarantined/);
  await gatehouse.settle();
};
const done = (answer: { status: number; body: unknown }) => {
  if (answer.status >= 300) expect(answer).toBe('an answer');
  return answer.body as Record<string, string>;
};

/** Of a problem, what does not name the request. */
function shown({ status, body }: { status: number; body: Record<string, unknown> }) {
  if (status !== 200) return { status, type: body.type };
  // By the clock, which goes on between an event and the answer, or what only the present has.
  const { expectedAt: _, hearers: __, decisionPoints: ___, words, ...others } = body;
  const { at: ____, from: _____, stays: ______, ...timeless } = others;
  const rest = 'stays' in others ? timeless : others;
  return { ...rest, words: (words as string[] | undefined)?.filter((line) => !line.startsWith('What would change')) };
}

async function answers(asOf?: Position): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const read of reads) {
    const path = read.replaceAll(/\{(\w+)\}/g, (_, name: 'job') => ids[name]);
    const query = asOf === undefined ? '' : `${path.includes('?') ? '&' : '?'}asOf=${asOf}`;
    found.set(read, shown(await admin.get(path + query)));
  }
  return found;
}

const note = async () => {
  await gatehouse.settle();
  const [notice] = (await admin.get('/v1/notices')).body.items;
  const [statement] = (await admin.get('/v1/statements')).body.items;
  ids.notice = notice?.noticeId ?? ids.notice;
  ids.statement = statement?.statementId ?? ids.statement;
  states.push({ position: await gatehouse.runtime.store.head(), answers: await answers() });
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'reads-as-of-'));
  receiver = await startNoticeReceiver();
  pictures = await servePictures();
  database = await startStatementDatabase();
  const token = join(directory, 'token');
  await writeFile(token, `${database.token}\n`, { mode: 0o600 });
  gatehouse = await startGatehouse({
    env: {
      ...receiver.env,
      ...pictures.env,
      ...{ GATEHOUSE_DSA_URL: database.url, GATEHOUSE_DSA_TOKEN_FILE: token, GATEHOUSE_DSA_SCOPE: 'DE' },
      ...{ GATEHOUSE_DSA_SINCE: '2022-01-01', GATEHOUSE_FLAGS_PER_HOUR: '6' },
    },
  });
  admin = gatehouse.administrator;
  service = await gatehouse.as('images', 'service');
  lena = await gatehouse.as('lena', 'lead');
  compliance = await gatehouse.as('carla', 'compliance');
  const [rita, hugo] = [await gatehouse.as('rita', 'reviewer'), await gatehouse.as('hugo', 'reviewer')];
  reads = gatehouse.app
    .get(DeclaredRoutes)
    .all()
    .filter(({ controller, handlerName }) => hasAsOf(controller.prototype[handlerName]))
    .flatMap(({ path }) =>
      (READS[path] ?? ['?']).map((read) => (read.startsWith('?') ? path + (read.slice(1) && read) : read)),
    );

  const clauses = [{ id: 'violent', title: 'No violence', severity: 2, text: 'Do not depict violence.' }];
  done(await admin.post('/v1/policy', { version: '1', clauses }));
  done(await admin.put('/v1/rollout/rate', { perWeek: 100 }));
  await note();

  const accounts = [1, 2, 3, 4, 5, 6].map((n) => `acc-${n}`);
  await send(...accounts.map((accountId) => cloudEvent('WaitlistJoined', { accountId, email: `${accountId}@x.org` })));
  done(await admin.post('/v1/cohorts', { cohortId: 'first', accounts: accounts.slice(0, 4) }));
  const images = [1, 2, 3, 4, 5].map((n) => ({ imageId: `img-${n}`, accountId: `acc-${n}` }));
  await send(...images.map((image, n) => cloudEvent('ImageGenerated', { ...image, model: `m${n % 2}` })));
  await send(...images.slice(1).map((image) => cloudEvent('ImageShared', image)));
  await note();

  const flag = (imageId: string, flaggedBy = 'acc-9') =>
    cloudEvent('ContentFlagged', { imageId, flaggedBy, flaggerKind: 'user', categories: ['violent'] });
  await send(...images.map(({ imageId }) => flag(imageId)));
  await send(flag('img-2', 'acc-8'));
  await send(...Array.from({ length: 8 }, (_, n) => flag(`flood-${n}`, 'acc-7')));
  const rules = { queues: [{ id: 'default' }, { id: 'severe' }], rules: [], default: 'default', patienceHours: 24 };
  done(await lena.put('/v1/queues', { ...rules, reason: 'a test' }));
  done(await lena.put('/v1/reviewers/rita/skills', { skills: ['video'], languages: [], reason: 'trained' }));
  await note();

  done(await judge(rita, 'img-2', 'unsafe'));
  done(await judge(rita, 'img-3', 'safe'));
  done(await rita.post('/v1/cases/img-4/claim'));
  done(
    await admin.put('/v1/enforcement-targets/gallery', {
      ...{ consequences: ['deactivate'], deadlineSeconds: 60, retrySeconds: 60, reason: 'a test' },
    }),
  );
  await note();

  done(await service.post('/v1/enforcements/img-2/appeals', { text: 'a still from my own film' }));
  done(await compliance.post('/v1/accounts/acc-3/legal-holds', { holdId: 'hold-1', reason: 'an order of a court' }));
  const request = { requestId: 'r-1', person: 'acc-4', kind: 'erasure', receivedAt: '2022-05-18T09:00:00Z' };
  done(await compliance.post('/v1/subject-requests', request));
  done(await compliance.post('/v1/exports', { exportId: 'e-1', dataset: 'cases', reason: 'a test' }));
  const golden = {
    imageId: 'golden-1',
    verdict: 'unsafe',
    clause: 'violent',
    categories: ['violent'],
    prompt: 'a horse',
  };
  done(await lena.post('/v1/golden-cases', golden));
  ids.job = done(
    await lena.post('/v1/bulk-jobs', { action: 'dismiss', category: 'violent', atMost: 9, reason: 'a test' }),
  ).jobId!;
  await note();

  done(await admin.post('/v1/invitations', { accounts: ['acc-6'], batchId: 'spring', days: 7 }));
  const until = new Date(Date.now() + 3_600_000).toISOString();
  done(await admin.put('/v1/switches/generate', { reason: 'a test', until }));
  await hear(hugo, 'img-2', { outcome: 'granted', reason: 'it is a film' });
  done(await lena.post('/v1/cases/img-3/reopen', { reason: 'the clause was clarified' }));
  done(await compliance.post('/v1/persons/acc-5/erasure', { reason: 'the person asked for it' }));
  done(await admin.put('/v1/rollout/rate', { perWeek: 200, reason: 'a test' }));
  await send(cloudEvent('ImageDownloaded', { imageId: 'img-1', accountId: 'acc-1' }));
  await note();
}, 300_000);
afterAll(async () => {
  await gatehouse?.close();
  receiver?.close();
  database?.close();
  await pictures?.close();
  await rm(directory, { recursive: true, force: true });
});

it('answers of each earlier position what was answered then, whatever came later', async () => {
  const last = [...states.at(-1)!.answers];
  expect(last.filter(([, answer]) => typeof (answer as { status?: unknown }).status === 'number')).toEqual([]);
  const others: unknown[] = [];
  for (const { position, answers: then } of states)
    for (const [path, answer] of await answers(position)) {
      const expected = then.get(path);
      if (!isDeepStrictEqual(answer, expected))
        others.push({ position, path, changes: changesBetween(answer, expected) });
    }
  expect(others).toEqual([]);
}, 300_000);

it('lists all pages of one position, and takes no cursor of another', async () => {
  const { position, answers: then } = states[3]!;
  const { items } = then.get('/v1/cases') as { items: unknown[] };
  expect(items.length).toBeGreaterThan(4);
  const found: unknown[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await admin.get(`/v1/cases?limit=2&asOf=${position}${cursor ? `&cursor=${cursor}` : ''}`);
    expect(body.position).toBe(String(position));
    found.push(...body.items);
    expect([await admin.get(`/v1/cases?limit=2${cursor ? `&cursor=${cursor}` : ''}`)]).toMatchObject([
      { status: cursor ? 400 : 200 },
    ]);
    for (const other of cursor ? [position - 1, new Date().toISOString()] : [])
      expect(await admin.get(`/v1/cases?limit=2&asOf=${other}&cursor=${cursor}`)).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'cursor', message: expect.stringContaining(`as of position ${position}, and`) }] },
      });
    cursor = body.nextCursor;
  } while (cursor);
  expect(found).toEqual(items);
});

it('takes no moment that is none, and none from a reviewer, who must not see more than they do now', async () => {
  const rita = await gatehouse.as('rita', 'reviewer');
  expect((await rita.get('/v1/cases')).status).toBe(200);
  const refused = { status: 400, body: { errors: [{ field: 'asOf' }] } };
  for (const path of ['/v1/cases', '/v1/images/img-1'])
    expect([path, await rita.get(`${path}?asOf=1`)]).toMatchObject([path, refused]);
  for (const asOf of ['now', '-1', '2022-05-18', '1&asOf=2'])
    expect([asOf, await admin.get(`/v1/notices?asOf=${asOf}`)]).toMatchObject([asOf, { status: 400 }]);
  expect(await admin.get('/v1/notices?asOf=999999999')).toMatchObject({ status: 410 });
  expect((await admin.get('/v1/notices?asOf=0')).body).toEqual({ items: [], position: '0' });
  expect((await admin.get('/v1/notices?asOf=2001-01-01T00:00:00Z')).body).toEqual({ items: [], position: '0' });
});

it('replays no views for a service, which could ask for thousands of positions', async () => {
  expect(await (await gatehouse.as('shop', 'service')).get('/v1/appeals?asOf=1')).toMatchObject({
    status: 400,
    body: { errors: [{ field: 'asOf', message: expect.stringContaining('not for the role service') }] },
  });
});

const tables = async () =>
  (
    await gatehouse.runtime.pool.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'earlier\\_%' ORDER BY 1`)
  ).rows.map(({ nspname }) => nspname as string);
const positionsOf = (schemas: readonly string[]) => [...new Set(schemas.map((one) => one.split('_p').at(-1)))];

it('has views as of a few positions at a time, until nobody reads them', async () => {
  const { pool } = gatehouse.runtime;
  const minutesAgo = (minutes: number) =>
    pool.query(`UPDATE projections.earlier_views SET read_at = now() - interval '${minutes} minutes'`);
  await minutesAgo(2);
  for (let position = 1; position <= MOST_POSITIONS + 1; position++)
    expect((await admin.get(`/v1/notices?asOf=${position}`)).status).toBe(200);
  // A reader who has just been shown one may ask for its next page.
  expect(positionsOf(await tables())).toHaveLength(MOST_POSITIONS + 1);
  await minutesAgo(2);
  expect((await admin.get(`/v1/notices?asOf=${MOST_POSITIONS + 2}`)).status).toBe(200);
  expect(positionsOf(await tables())).toHaveLength(MOST_POSITIONS);
  await minutesAgo(UNREAD_MINUTES + 1);
  expect((await admin.get('/v1/notices?asOf=4')).status).toBe(200);
  for (const schedule of schedulesOf(gatehouse.runtime)) await schedule.tick();
  expect(positionsOf(await tables())).toEqual(['4']);
});

it('reads a kept replay of the position instead, until it is dropped', async () => {
  const position = 7;
  const views = [noticesView] as unknown as View[];
  await gatehouse.app.get(ViewReplays).digestsAt(views, position, 'kept');
  const replay = jest.spyOn(gatehouse.runtime.rebuilder, 'replayed');
  const before = await tables();
  expect((await admin.get(`/v1/notices?asOf=${position}`)).status).toBe(200);
  expect([replay.mock.calls.length, await tables()]).toEqual([0, before]);
  await gatehouse.app.get(KeptReplays).drop('kept');
  expect((await admin.get(`/v1/notices?asOf=${position}`)).status).toBe(200);
  expect(replay).toHaveBeenCalledTimes(1);
  replay.mockRestore();
});

it('replays nothing that another process has replayed between the look and the lock', async () => {
  const { pool, rebuilder } = gatehouse.runtime;
  const views = [noticesView] as unknown as View[];
  const [position, waitMs] = [8, 60_000];
  const another = () =>
    new EarlierViews(pool, rebuilder, gatehouse.app.get(KeptReplays), gatehouse.app.get(LogEpoch), waitMs);
  const made = async () =>
    (await pool.query(`SELECT oid FROM pg_namespace WHERE nspname LIKE 'earlier\\_%\\_p${position}'`)).rows;
  const original = rebuilder.replayed.bind(rebuilder);
  let before: unknown[] = [];
  const replay = jest.spyOn(rebuilder, 'replayed').mockImplementationOnce(async (...given) => {
    await another().schemasAt(views, position);
    before = await made();
    return original(...given);
  });
  const schemas = await another().schemasAt(views, position);
  replay.mockRestore();
  expect([schemas.size, before.length]).toEqual([1, 1]);
  // It would have another one if the tables had been made again.
  expect(await made()).toEqual(before);
});

it('shows nothing of a person that was erased since', async () => {
  const { position } = states.at(-2)!;
  expect((await admin.get(`/v1/appeals/img-2?asOf=${position}`)).body).toMatchObject({ isErased: false, text: null });
  await gatehouse.forget('acc-2');
  expect((await admin.get(`/v1/appeals/img-2?asOf=${position}`)).body).toMatchObject({ isErased: true, text: null });
});
