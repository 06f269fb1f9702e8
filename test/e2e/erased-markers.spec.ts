import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { erasureContext } from '../../libs/erasure/index.js';
import { noticesContext } from '../../libs/notices/index.js';
import { CLOCK_STEP_MS, changedFiles, filesWith, hasText, tablesWith } from '../support/clear-text.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { startNoticeReceiver } from '../support/notice-receiver.js';
import { wholeLog } from '../support/whole-log.js';
import { type KeptWriteAheadLog, keepWriteAheadLog } from '../support/write-ahead-log.js';

/* Nothing is compressed here, so that a copy that is left anywhere is found. */

const LINE = 'the-marker-of-a-prompt-8f14e45f';
const PROMPT = `${LINE} `.repeat(120).trim();
const CONTROL = 'the-marker-that-anybody-may-read-c9f0f895';
const ADDRESS = 'marker-a87ff679@example.org';

let gatehouse: TestGatehouse;
let log: KeptWriteAheadLog;
let receiver: Awaited<ReturnType<typeof startNoticeReceiver>>;
const logged: string[] = [];

beforeAll(async () => {
  receiver = await startNoticeReceiver();
  gatehouse = await startGatehouse({
    env: {
      ...{ GATEHOUSE_ERASURE_COOLING_HOURS: '0', GATEHOUSE_WAITLIST_CONFIRM_URL: 'https://example.org/confirm' },
      ...receiver.env,
    },
    logSink: { write: (line) => void logged.push(line) },
  });
  log = await keepWriteAheadLog(gatehouse.database, 'erased_markers');
  const { superuser } = log;
  await superuser.query('ALTER TABLE log.events ALTER data SET STORAGE EXTERNAL');
  await superuser.query('CREATE TABLE public.control (text text)');
  await superuser.query('GRANT SELECT ON public.control TO PUBLIC');
});
afterAll(async () => {
  await log.release();
  await gatehouse.close();
  receiver.close();
});

async function keyFiles(): Promise<Buffer[]> {
  const { directory } = gatehouse.runtime.personKeys.store;
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((one) => one.isFile());
  return Promise.all(files.map((one) => readFile(join(one.parentPath, one.name))));
}

/** Where a key is, in any form. */
async function placesOf(key: Buffer, from: string, since: number): Promise<string[]> {
  const forms = [key, Buffer.from(key.toString('hex')), Buffer.from(key.toString('base64'))];
  const has = (bytes: Buffer) => forms.some((form) => bytes.includes(form));
  const { rows } = await log.superuser.query('SHOW data_directory');
  const blocks = await log.blocksFrom(from);
  const directory = rows[0].data_directory as string;
  return [
    ...(blocks.some(has) ? ['write-ahead log'] : []),
    ...((await keyFiles()).some(has) ? ['key store'] : []),
    ...(await changedFiles(directory, since, has)).map((path) => `file ${path}`),
  ];
}

it('leaves neither what a person wrote nor the key of it, in any table, file, record of the log, key file or output', async () => {
  const start = Date.now() - CLOCK_STEP_MS;
  const from = await log.position();
  await log.superuser.query('INSERT INTO public.control VALUES ($1)', [CONTROL]);
  const service = await gatehouse.as('web-site', 'service');
  const carol = await gatehouse.as('carol', 'compliance');
  const { accountId } = (await service.post('/v1/waitlist', { email: ADDRESS })).body;
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId: 'img-1', accountId, prompt: PROMPT }),
    cloudEvent('ImageShared', { imageId: 'not an id', accountId, note: LINE }),
  ]);
  await gatehouse.settle();
  for (const schedule of noticesContext.schedules!(gatehouse.runtime)) await schedule.tick();
  const token = /token=([^\s&]+)/.exec(receiver.received[0]!.data.text!)![1]!;
  const { store } = gatehouse.runtime.personKeys;
  const key = Buffer.from((await store.keyOf(accountId)) as Buffer);

  await carol.post(`/v1/persons/${accountId}/erasure`, { reason: 'the person asked for it' });
  for (let step = 0; step < 2; step++) {
    await gatehouse.settle();
    for (const schedule of erasureContext.schedules!(gatehouse.runtime)) await schedule.tick();
    await gatehouse.beat();
  }
  expect((await carol.get(`/v1/persons/${accountId}/erasure`)).body.status).toBe('erased');

  const { rows } = await log.superuser.query('SHOW data_directory');
  const directory = rows[0].data_directory as string;
  const blocks = await log.blocksFrom(from);
  await log.superuser.query('CHECKPOINT');
  // What is there in clear is found, so that what is not found is not there.
  expect(await tablesWith(gatehouse.runtime.pool, 'img-1')).not.toEqual([]);
  expect(await filesWith(directory, start, CONTROL)).toContainEqual(expect.stringContaining('/base/'));
  expect(blocks.some((bytes) => hasText(bytes, CONTROL))).toBe(true);

  for (const marker of [LINE, ADDRESS, token]) {
    expect(await tablesWith(gatehouse.runtime.pool, marker)).toEqual([]);
    expect(await filesWith(directory, start, marker)).toEqual([]);
    expect(blocks.some((bytes) => hasText(bytes, marker))).toBe(false);
    expect(logged.filter((line) => hasText(line, marker))).toEqual([]);
    const feed = (await gatehouse.administrator.get('/v1/events?limit=500')).body;
    expect(hasText(JSON.stringify([await wholeLog(gatehouse.runtime.store), feed]), marker)).toBe(false);
  }
  expect(await placesOf(key, from, start)).toEqual([]);
});

it('would find a key that a table had: updated to NULL and vacuumed, it stays in the heap or the write-ahead log', async () => {
  const start = Date.now() - CLOCK_STEP_MS;
  const from = await log.position();
  const key = randomBytes(32);
  await log.superuser.query('CREATE TABLE public.kept_keys (person text, wrapped bytea)');
  await log.superuser.query("INSERT INTO public.kept_keys VALUES ('ada', $1)", [key]);
  await log.superuser.query('CHECKPOINT');
  await log.superuser.query('UPDATE public.kept_keys SET wrapped = NULL');
  await log.superuser.query('VACUUM public.kept_keys');
  expect((await log.superuser.query('SELECT wrapped FROM public.kept_keys')).rows).toEqual([{ wrapped: null }]);
  const found = await placesOf(key, from, start);
  expect(found).toContain('write-ahead log');
  expect(found.some((place) => place.startsWith('file'))).toBe(true);
});

it('would find a key that a file of the key store has in clear', async () => {
  const key = randomBytes(32);
  const path = join(gatehouse.runtime.personKeys.store.directory, 'kept');
  await writeFile(path, `{"ada":"${key.toString('base64')}"}`);
  const from = await log.position();
  await log.superuser.query('CHECKPOINT');
  expect(await placesOf(key, from, Date.now())).toEqual(['key store']);
  await rm(path);
});
