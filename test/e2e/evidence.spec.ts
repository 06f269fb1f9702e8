import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { EventStore } from '../../libs/event-store/event-store.js';
import { EVENT_STORE } from '../../libs/platform/ports.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const BATCH = { 'content-type': 'application/cloudevents-batch+json' };
const REASON = 'asked for by the regulator';

let gatehouse: TestGatehouse;
let compliance: Client;
let run: ReturnType<typeof commandLineFor>['run'];
let key: string;
let directory: string;
let files = 0;
let out: string;

beforeAll(async () => {
  gatehouse = await startGatehouse({
    env: { GATEHOUSE_PROOF_ORIGIN: 'example.org/log', GATEHOUSE_DECISION_WAIT_MS: '0' },
  });
  compliance = await gatehouse.as('cora', 'compliance');
  ({ run } = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken }));
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-evidence-'));
  const sender = await gatehouse.as('image-service', 'service');
  const image = { imageId: 'img-1', accountId: 'acc-1', model: 'm-1', prompt: 'a very private prompt' };
  const others = Array.from({ length: 300 }, (_, n) =>
    cloudEvent('ImageGenerated', { ...image, imageId: `other-${n}` }),
  );
  const flag = { imageId: 'img-1', flaggedBy: 'acc-2', flaggerKind: 'user', categories: ['violent'] };
  for (const events of [
    [cloudEvent('ImageGenerated', image), cloudEvent('ImageShared', { imageId: 'img-1', accountId: 'acc-1' })],
    ...[0, 100, 200].map((from) => others.slice(from, from + 100)),
    [cloudEvent('ContentFlagged', flag)],
  ])
    expect((await sender.post('/v1/events', events, BATCH)).status).toBe(202);
  await gatehouse.settle();
  key = (await compliance.get('/log/keys')).body.keys[0].verifier;
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  await gatehouse.close();
});
beforeEach(() => {
  out = join(directory, `${files++}.evidence`);
});

const prove = (...args: string[]) => run('audit', 'prove', ...args, '--reason', REASON, '--out', out);
const verify = (...args: string[]) =>
  commandLineFor({ url: 'http://127.0.0.1:9' }).run('audit', 'verify-bundle', ...args);
const eventsOf = async (file = out) =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line).event);

it('proves all events of an image, whichever stream they lie in, to somebody who has only the key', async () => {
  const written = await prove('img-1', '--json');
  expect([written.code, written.json()]).toEqual([
    0,
    expect.objectContaining({ file: out, page: `${out}.html`, events: 5 }),
  ]);
  expect((await eventsOf()).map(({ type }) => type)).toEqual([
    'ImageGenerated',
    'ImageShared',
    'ContentFlagged',
    'CaseOpened',
    'CaseRouted',
  ]);
  const { code, stdout } = await verify(out, '--key', key);
  expect([code, stdout]).toEqual([0, expect.stringContaining('PROVED: img-1')]);
  expect(stdout).toContain('The 5 events are among numbers');
  expect(stdout).toContain('What is not proved:');
  const json = (await verify(out, '--key', key, '--json')).json();
  expect(json).toMatchObject({ status: 'proved', events: 5, quorum: 'none', origin: key.split('+')[0] });
  expect((await stat(out)).mode & 0o777).toBe(0o600);
  const page = await readFile(`${out}.html`, 'utf8');
  expect(page).toContain('What is proved');
  expect(page).not.toContain('a very private prompt');
});

it('finds the facts about an image by the index of subjects, without reading the log', async () => {
  const store = gatehouse.app.get<EventStore>(EVENT_STORE);
  const { readAll } = store;
  let read = 0;
  store.readAll = async (after, options) => {
    const page = await readAll.call(store, after, options);
    read += page.events.length;
    return page;
  };
  try {
    expect((await prove('img-1', '--kind', 'image')).code).toBe(0);
  } finally {
    store.readAll = readAll;
  }
  expect(read).toBeLessThan(100);
});

it('proves one event by its position or its id, or those of one kind', async () => {
  await prove('img-1', '--kind', 'image');
  const [made, shared] = await eventsOf();
  expect((await eventsOf()).map(({ type }) => type)).toEqual(['ImageGenerated', 'ImageShared', 'ContentFlagged']);
  for (const id of [made.id, '1']) {
    out = join(directory, `${files++}.evidence`);
    expect((await prove(id)).code).toBe(0);
    const [event, ...more] = await eventsOf();
    expect([event.type, more]).toEqual([id === '1' ? event.type : 'ImageGenerated', []]);
    expect((await verify(out, '--key', key)).code).toBe(0);
  }
  out = join(directory, `${files++}.evidence`);
  expect((await prove(shared.id, '--kind', 'event')).code).toBe(0);
  expect((await eventsOf()).map(({ id }) => id)).toEqual([shared.id]);
});

it('records who got what and why, before it is given out, and nothing if it is refused', async () => {
  const exports = async () =>
    (await compliance.get('/v1/log?stream=audit&types=EvidenceGiven&limit=1000')).body.events as {
      data: unknown;
      metadata: { actor: { id: string } };
    }[];
  const before = (await exports()).length;
  const { status, headers } = await compliance.post('/v1/evidence-bundles', {
    id: 'img-1',
    kind: 'case',
    reason: REASON,
  });
  expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('application/x-ndjson')]);
  const made = await exports();
  expect(made).toHaveLength(before + 1);
  expect(made.at(-1)).toMatchObject({
    position: headers.get('gatehouse-position'),
    metadata: { actor: { id: 'cora' } },
    data: { entityId: 'img-1', events: 2, reason: REASON },
  });
  for (const [body, expected, type] of [
    [{ id: 'nobody', reason: REASON }, 404, 'events-unknown'],
    [{ id: '999999', reason: REASON }, 410, 'position-gone'],
    [{ id: '0', reason: REASON }, 404, 'events-unknown'],
    [{ id: 'no-epoch-7', kind: 'position', reason: REASON }, 404, 'events-unknown'],
    [{ id: 'img-1', kind: 'event', reason: REASON }, 404, 'events-unknown'],
    [{ id: 'img-1', reason: ' ' }, 400, 'invalid-input'],
    [{ id: 'img-1', kind: 'person', reason: REASON }, 400, 'invalid-input'],
  ] as const) {
    const answer = await compliance.post('/v1/evidence-bundles', body);
    expect([body, answer.status, answer.body.type]).toEqual([body, expected, expect.stringContaining(type)]);
  }
  const reviewer = await gatehouse.as('rita', 'reviewer');
  expect((await reviewer.post('/v1/evidence-bundles', { id: 'img-1', reason: REASON })).status).toBe(403);
  expect(await exports()).toHaveLength(before + 1);
});

it('does not prove what is not signed yet, and does once it is', async () => {
  const sender = await gatehouse.as('image-service-2', 'service');
  const image = { imageId: 'img-new', accountId: 'acc-1', model: 'm-1' };
  await sender.post('/v1/events', [cloudEvent('ImageGenerated', image)], BATCH);
  const answer = await compliance.post('/v1/evidence-bundles', { id: 'img-new', kind: 'image', reason: REASON });
  expect([answer.status, answer.body.type]).toEqual([503, expect.stringContaining('not-signed-yet')]);
  await gatehouse.settle();
  expect((await prove('img-new', '--kind', 'image')).code).toBe(0);
});

it('is no proof any more once anything in it has changed, and says so with the exit code', async () => {
  await prove('img-1', '--kind', 'case');
  const bundle = await readFile(out, 'utf8');
  await writeFile(out, bundle.replace('"violent"', '"violenT"'));
  const changed = await verify(out, '--key', key);
  expect([changed.code, changed.stdout]).toEqual([
    7,
    expect.stringMatching(/^NOT PROVED: line \d has an event that is not/),
  ]);
  await writeFile(out, bundle);
  const other = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  expect((await verify(out, '--key', other)).code).toBe(7);
  expect((await verify(out, '--key', other, '--key', key)).code).toBe(0);
  for (const args of [[out], [out, '--key', 'x'], [`${out}.none`, '--key', key], [directory, '--key', key]])
    expect([args, (await verify(...args)).code]).toEqual([args, 2]);
  const policy = join(directory, 'trust.policy');
  await writeFile(policy, `log ${key}\nquorum none\n`);
  const page = join(directory, 'page.html');
  expect((await verify(out, '--policy', policy, '--page', page)).code).toBe(0);
  expect(await readFile(page, 'utf8')).toContain('keys that the maker of this page trusts');
  await writeFile(policy, 'quorum nobody\n');
  expect((await verify(out, '--policy', policy)).code).toBe(2);
  expect((await verify(out, '--policy', policy, '--key', key)).code).toBe(2);
});

it('verifies also after the person was erased, whether it was written before or after that', async () => {
  await prove('img-1', '--kind', 'image');
  const before = await readFile(out, 'utf8');
  await gatehouse.forget('acc-1');
  await gatehouse.settle();
  expect((await verify(out, '--key', key)).code).toBe(0);
  out = join(directory, `${files++}.evidence`);
  expect((await prove('img-1', '--kind', 'image')).code).toBe(0);
  expect((await verify(out, '--key', key)).code).toBe(0);
  expect((await eventsOf()).map((event) => JSON.stringify(event))).toEqual(
    before
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => JSON.stringify(JSON.parse(line).event)),
  );
});

it('refuses to write a bundle of an event that is not the one of its leaf', async () => {
  const { pool } = gatehouse.runtime;
  await pool.query(`UPDATE log.events SET data = (data::jsonb || '{"model":"m-2"}')::json WHERE position = 5`);
  const answer = await compliance.post('/v1/evidence-bundles', { id: '5', reason: REASON });
  expect([answer.status, answer.body.type]).toEqual([409, expect.stringContaining('event-altered')]);
});
