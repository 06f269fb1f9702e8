import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

const ADVISORY = {
  id: 1,
  url: 'https://advisories.example/1',
  title: 'A request can read any file',
  vulnerable_versions: '*',
  cwe: [],
};

/** Speaks the registry's protocol for audits; npm is the real one. */
let registry: Server;
let answer: { status: number; body: unknown };
const asked: string[] = [];

beforeAll(async () => {
  registry = createServer((request, response) => {
    asked.push(request.url!);
    const isAudit = request.url!.endsWith('/security/advisories/bulk');
    response.writeHead(isAudit ? answer.status : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isAudit ? answer.body : {}));
  }).listen(0, '127.0.0.1');
  await once(registry, 'listening');
});
afterAll(async () => {
  registry.closeAllConnections();
  registry.close();
  await once(registry, 'close');
});

async function advisories(status: number, body: unknown): Promise<{ code: unknown; lines: string[] }> {
  answer = { status, body };
  const cache = await mkdtemp(join(tmpdir(), 'gatehouse-npm-'));
  const env = {
    ...process.env,
    npm_config_cache: cache,
    npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`,
    npm_config_fetch_retries: '0',
  };
  const { code, stdout } = await new Promise<{ code: unknown; stdout: string }>((resolve) => {
    execFile(process.execPath, ['test/advisories.mjs'], { env }, (error, output) =>
      resolve({ code: error?.code ?? 0, stdout: output }),
    );
  });
  await rm(cache, { recursive: true });
  return { code, lines: stdout.trimEnd().split('\n') };
}

it('fails for a high advisory, and names package, title and address', async () => {
  expect(await advisories(200, { fastify: [{ ...ADVISORY, severity: 'high' }] })).toEqual({
    code: 1,
    lines: [
      'high: fastify: A request can read any file (https://advisories.example/1)',
      expect.stringMatching(/^advisories: 1 known, 1 to act on/),
    ],
  });
});

it('passes with none, and shows one of low severity', async () => {
  expect(await advisories(200, {})).toMatchObject({ code: 0, lines: [expect.stringContaining('0 known')] });
  expect(await advisories(200, { fastify: [{ ...ADVISORY, severity: 'low' }] })).toMatchObject({
    code: 0,
    lines: [expect.stringMatching(/^low: fastify/), expect.stringContaining('1 known, 0 to act on')],
  });
  expect(asked).toContain('/-/npm/v1/security/advisories/bulk');
});

it('says that nothing was checked if the registry does not answer such questions', async () => {
  const { code, lines } = await advisories(405, {});
  expect({ code, lines }).toEqual({ code: 0, lines: [expect.stringMatching(/^advisories: not checked, since .*405/)] });
});
