import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parseCheckpoint } from '../../libs/proof/tlog/checkpoint.js';
import { leafHash, type Subtree, treeRoot } from '../../libs/proof/tlog/merkle-tree.js';
import { openNote, parseVerifier } from '../../libs/proof/tlog/signed-note.js';
import { decodeBundle, hashOver, sliceOf, TILE_WIDTH, tilePath } from '../../libs/proof/tlog/tiles.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const EVENTS = 600;

let gatehouse: TestGatehouse;
let anyone: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ env: { GATEHOUSE_PROOF_ORIGIN: 'example.org/log' } });
  anyone = await gatehouse.as('anyone');
  const sender = await gatehouse.as('image-service', 'service');
  const image = (n: number) =>
    cloudEvent('ImageGenerated', { imageId: `img-${n}`, accountId: `acc-${n}`, model: 'm-1', prompt: 'a cat' });
  for (let n = 0; n < EVENTS; n += 100) {
    const batch = Array.from({ length: 100 }, (_, i) => image(n + i));
    const type = { 'content-type': 'application/cloudevents-batch+json' };
    expect((await sender.post('/v1/events', batch, type)).status).toBe(202);
  }
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

const bytesOf = async (path: string): Promise<Buffer> => {
  const response = await fetch(`${gatehouse.url}/log/tile/${path}`);
  expect([path, response.status, response.headers.get('content-type')]).toEqual([
    path,
    200,
    'application/octet-stream',
  ]);
  expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  return Buffer.from(await response.arrayBuffer());
};

/** What a monitor does that has the public key and nothing else. */
async function trustedCheckpoint() {
  const { body } = await anyone.get('/log/keys');
  const keys = body.keys.map(({ verifier }: { verifier: string }) => parseVerifier(verifier)!);
  const { status, headers, body: note } = await anyone.get('/log/checkpoint');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
  const checkpoint = parseCheckpoint(openNote(note, keys).text)!;
  expect(checkpoint.origin).toBe(body.origin);
  return checkpoint;
}

it('publishes a signed checkpoint of every event, and the tiles that it follows from', async () => {
  const { origin, size, root } = await trustedCheckpoint();
  expect(origin).toBe(`example.org/log/${gatehouse.runtime.epoch.current}`);
  expect(size).toBe(await gatehouse.runtime.store.head());
  expect(size).toBeGreaterThanOrEqual(EVENTS);
  const widthOf = (number: number, count: number) => Math.min(TILE_WIDTH, count - number * TILE_WIDTH);
  const entries: Buffer[] = [];
  for (let number = 0; number * TILE_WIDTH < size; number++) {
    const width = widthOf(number, size);
    const bundle = decodeBundle(await bytesOf(tilePath({ level: 'entries', number, width })))!;
    const tile = await bytesOf(tilePath({ level: 0, number, width }));
    expect(tile).toEqual(Buffer.concat(bundle.map(leafHash)));
    entries.push(...bundle);
  }
  expect(entries).toHaveLength(size);
  const read = async ({ level, index }: Subtree) => {
    const { level: tileLevel, number, offset, count } = sliceOf({ level, index });
    const width = widthOf(number, Math.floor(size / TILE_WIDTH ** tileLevel));
    const tile = await bytesOf(tilePath({ level: tileLevel, number, width }));
    return hashOver(tile.subarray(offset * 32, (offset + count) * 32));
  };
  expect(await treeRoot(size, read)).toEqual(root);
});

it('answers 404 for a tile that is none, or not full yet', async () => {
  const { size } = await trustedCheckpoint();
  const last = Math.floor(size / TILE_WIDTH);
  const wrong = [
    '0/000.p/256',
    '0/0',
    '9/000',
    'x/000',
    'entries/x001/000',
    `0/${String(last).padStart(3, '0')}`,
    '3/000',
  ];
  for (const path of [...wrong, 'entries/000/000', '0/x001/x002/x003.p/4', '0/000.p/5/6']) {
    const { status, body } = await anyone.get(`/log/tile/${path}`);
    expect([path, status, body.type]).toEqual([path, 404, expect.stringContaining('no-tile')]);
  }
});

it('signs with a key of its own that only its user can read, and keeps it at the next start', async () => {
  const directory = gatehouse.runtime.settings.data;
  const before = await readFile(join(directory, 'proof.key'), 'utf8');
  expect((await stat(join(directory, 'proof.key'))).mode & 0o777).toBe(0o600);
  const beside = await gatehouse.beside();
  await beside.close();
  expect(await readFile(join(directory, 'proof.key'), 'utf8')).toBe(before);
});

it('prints the keys on the command line', async () => {
  const { body } = await anyone.get('/log/keys');
  const { code, stdout } = await commandLineFor(gatehouse).run('audit', 'keys', '--json');
  expect([code, JSON.parse(stdout)]).toEqual([0, body]);
  const shown = await commandLineFor(gatehouse).run('audit', 'keys');
  expect(shown.stdout).toContain(body.keys[0].verifier);
});

it('verifies the log on the command line, names the first position that was altered, and counts only keys that are trusted', async () => {
  const { run } = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const whole = await run('audit', 'verify', '--full');
  expect(whole).toMatchObject({ code: 0, stdout: expect.stringMatching(/^intact: \d+ events and \d+ checkpoints/) });
  const again = await run('audit', 'verify', '--json');
  expect([again.code, again.json()]).toEqual([0, expect.objectContaining({ status: 'intact', full: false })]);

  const { keys } = (await anyone.get('/log/keys')).body;
  expect((await run('audit', 'verify', '--full', '--key', keys[0].verifier)).code).toBe(0);
  const other = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  expect(await run('audit', 'verify', '--full', '--key', other)).toMatchObject({
    code: 7,
    stdout: expect.stringContaining("can't be trusted"),
  });
  expect((await run('audit', 'verify', '--key', 'nonsense')).code).toBe(2);

  const { pool } = gatehouse.runtime;
  await pool.query(`UPDATE log.events SET data = (data::text || ' ')::json WHERE position = 123`);
  expect((await run('audit', 'verify')).code).toBe(0);
  const altered = await run('audit', 'verify', '--full');
  expect(altered).toMatchObject({ code: 7, stdout: expect.stringMatching(/^ALTERED at position 123: /) });
  await pool.query(`UPDATE log.events SET data = rtrim(data::text)::json WHERE position = 123`);
  expect((await run('audit', 'verify', '--full')).code).toBe(0);
});

it('answers 404 for a verification that it does not know', async () => {
  const { status, body } = await gatehouse.administrator.get('/v1/log-verifications/none');
  expect([status, body.type]).toEqual([404, expect.stringContaining('verification-unknown')]);
});

it('says that nothing is signed while there is no checkpoint of the epoch', async () => {
  const fresh = await startGatehouse();
  try {
    const { status, body } = await (await fresh.as('anyone')).get('/log/checkpoint');
    expect([status, body.type, body.detail]).toEqual([
      404,
      expect.stringContaining('no-checkpoint'),
      expect.stringContaining('gatehouse/'),
    ]);
  } finally {
    await fresh.close();
  }
});
