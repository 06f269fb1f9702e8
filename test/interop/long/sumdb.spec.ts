import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../../support/gatehouse.js';
import { describeWithPrograms, INSTALL_MS } from './tools.js';

const run = promisify(execFile);
const SOURCES = join(import.meta.dirname, 'clients', 'sumdb');
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };

/** golang.org/x/mod/sumdb verifies notes, tiles and proofs of Go's own checksum database, and shares no code with ours. */
describeWithPrograms('the log of leaves and golang.org/x/mod/sumdb', ['go'], () => {
  let gatehouse: TestGatehouse;
  let directory: string;
  let program: string;

  beforeAll(async () => {
    gatehouse = await startGatehouse({ env: { GATEHOUSE_PROOF_ORIGIN: 'example.org/log' } });
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-sumdb-'));
    program = join(directory, 'sumdb');
    await run('go', ['build', '-o', program, '.'], { cwd: SOURCES });
  }, INSTALL_MS);
  afterAll(async () => {
    await gatehouse?.close();
    if (directory) await rm(directory, { recursive: true });
  });

  async function append(count: number): Promise<void> {
    const sender = await gatehouse.as('image-service', 'service');
    const events = Array.from({ length: count }, (_, n) =>
      cloudEvent('ImageGenerated', { imageId: `img-${count}-${n}`, accountId: 'acc-1', model: 'm-1', prompt: 'a cat' }),
    );
    for (let n = 0; n < count; n += 100)
      expect((await sender.post('/v1/events', events.slice(n, n + 100), BATCH)).status).toBe(202);
    await gatehouse.settle();
  }

  it('agree on checkpoints, tiles, inclusion and consistency, and Go refuses another key and a changed leaf', async () => {
    const visitor = await gatehouse.as('visitor');
    const rootOf = async () => (await visitor.get('/log/checkpoint')).body.split('\n')[2];
    const sizeOf = () => gatehouse.runtime.store.head();
    const verify = (key: string, older: number) => run(program, [gatehouse.url, key, String(older)]);
    await append(300);
    const [older, olderRoot] = [await sizeOf(), await rootOf()];
    await append(900);
    const key = (await visitor.get('/log/keys')).body.keys[0].verifier;
    const { stdout } = await verify(key, older);
    expect(stdout).toBe(`${await sizeOf()} leaves, ${Math.ceil((await sizeOf()) / 7)} proven, ${olderRoot}\n`);

    const other = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
    await expect(verify(other, older)).rejects.toThrow('no verifiable signatures');
    await gatehouse.runtime.pool.query('UPDATE proof.bundles SET entries = set_byte(entries, 224, 1) WHERE number = 1');
    await expect(verify(key, older)).rejects.toThrow();
  });
});
