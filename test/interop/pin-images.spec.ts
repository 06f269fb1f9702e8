import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pinImages } from '../../deploy/pin-images.mjs';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const isThere = spawnSync('sh', ['-c', 'command -v docker-registry']).status === 0;
const described = isThere ? describe : describe.skip;

const digestOf = (bytes: string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

described(`pinImages with a registry${isThere ? '' : ': needs docker-registry'}`, () => {
  let directory: string;
  let registry: ChildProcess;
  let host: string;
  let tokens: Server;
  const asked: string[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-images-'));
    // The registry asks for a token of this server, and then accepts any.
    tokens = createServer((request, response) => {
      asked.push(request.url!);
      response.end(JSON.stringify({ token: 'anonymous' }));
    }).listen(0, '127.0.0.1');
    await once(tokens, 'listening');
    host = `127.0.0.1:${await freePort()}`;
    const configuration = join(directory, 'registry.yml');
    const realm = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`;
    await writeFile(
      configuration,
      JSON.stringify({
        version: 0.1,
        storage: { filesystem: { rootdirectory: join(directory, 'images') } },
        http: { addr: host },
        auth: { silly: { realm, service: 'registry' } },
      }),
    );
    registry = spawn('docker-registry', ['serve', configuration], { stdio: 'ignore' });
    const isUp = () =>
      fetch(`http://${host}/v2/`).then(
        () => true,
        () => false,
      );
    await until(isUp);
  });
  afterAll(async () => {
    registry?.kill();
    if (registry) await once(registry, 'close');
    tokens?.close();
    await rm(directory, { recursive: true });
  });

  const call = async (path: string, init: RequestInit) => {
    const response = await fetch(new URL(path, `http://${host}`), {
      ...init,
      headers: { authorization: 'Bearer test', ...init.headers },
    });
    expect(response.ok).toBe(true);
    return response;
  };

  /** @returns its digest */
  async function push(repository: string, tag: string, content: string): Promise<string> {
    for (const blob of [content, '{}']) {
      const begun = await call(`/v2/${repository}/blobs/uploads/`, { method: 'POST' });
      const upload = new URL(begun.headers.get('location')!, `http://${host}`);
      upload.searchParams.set('digest', digestOf(blob));
      await call(upload.href, { method: 'PUT', body: blob, headers: { 'content-type': 'application/octet-stream' } });
    }
    const part = (mediaType: string, blob: string) => ({ mediaType, size: blob.length, digest: digestOf(blob) });
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: part('application/vnd.oci.image.config.v1+json', '{}'),
      layers: [part('application/vnd.oci.image.layer.v1.tar', content)],
    });
    const headers = { 'content-type': MANIFEST };
    await call(`/v2/${repository}/manifests/${tag}`, { method: 'PUT', body: manifest, headers });
    return digestOf(manifest);
  }

  async function file(name: string, text: string): Promise<string> {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  }

  it('writes the digest beside each tag, and the new one at the next run', async () => {
    const first = await push('team/store', '1.2', 'one');
    const base = await push('base', '22-slim', 'base');
    const text = `services:\n  store:\n    image: ${host}/team/store:1.2\n  own:\n    image: gatehouse\n`;
    const compose = await file('docker-compose.yml', text);
    const dockerfile = await file('Dockerfile', `FROM ${host}/base:22-slim AS build\nFROM ${host}/base:22-slim\n`);
    await pinImages([compose, dockerfile]);
    expect(await readFile(compose, 'utf8')).toBe(text.replace('store:1.2', `store:1.2@${first}`));
    const pinned = `FROM ${host}/base:22-slim@${base}`;
    expect(await readFile(dockerfile, 'utf8')).toBe(`${pinned} AS build\n${pinned}\n`);
    expect(asked).not.toEqual([]);

    const second = await push('team/store', '1.2', 'two');
    expect(second).not.toBe(first);
    await pinImages([compose, dockerfile]);
    expect(await readFile(compose, 'utf8')).toBe(text.replace('store:1.2', `store:1.2@${second}`));
  });

  it('changes no file if one image has no digest, and names the image', async () => {
    await push('known', '1', 'known');
    const text = `  image: ${host}/known:1\n  image: ${host}/unknown:1\n`;
    const compose = await file('unknown.yml', text);
    await expect(pinImages([compose])).rejects.toThrow(
      `${host}/unknown:1 is not pinned, since ${host} failed: it answers 404`,
    );
    expect(await readFile(compose, 'utf8')).toBe(text);
  });
});
