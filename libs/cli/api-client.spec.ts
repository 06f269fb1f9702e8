import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { followFeed } from '../publish/cli/event-pages.js';
import { ApiClient } from './api-client.js';
import { ApiProblem, NotReachable } from './api-errors.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;
const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** A server that gives these answers, one a request; the last one again and again. */
async function serving(...answers: Answer[]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    request.resume();
    const answer = answers[Math.min(requests.length, answers.length - 1)]!;
    requests.push(request);
    answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = new AbortController();
  return { client: new ApiClient({ url, token: 'ght_a_b', signal: stop.signal, retryMs: 1 }), requests, stop };
}

/** An address where no server listens any more. */
async function nowhere(): Promise<ApiClient> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return new ApiClient({ url: `http://127.0.0.1:${port}`, signal: new AbortController().signal });
}

const ok: Answer = (response) => response.end('{"done":true}');
const reset: Answer = (response) => response.destroy();
const problem =
  (status: number, more = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json', 'retry-after': '0' });
    response.end(JSON.stringify({ type: 'https://gatehouse.dev/problems/some-code', title: 'Some code', ...more }));
  };

describe('a request that may be repeated', () => {
  it.each([
    ['the backend is unavailable', problem(503)],
    ['the connection is reset', reset],
  ])('is retried while %s', async (_, failure) => {
    const { client, requests } = await serving(failure, failure, ok);
    await expect(client.get('/v1/status')).resolves.toEqual({ done: true });
    expect(requests).toHaveLength(3);
  });

  it('fails with the last failure after some attempts', async () => {
    const { client, requests } = await serving(problem(503, { detail: 'not now' }));
    await expect(client.put('/v1/rollout/rate', {})).rejects.toMatchObject({ status: 503, message: 'not now' });
    expect(requests.length).toBeGreaterThan(3);
  });

  it('is not retried if a rule or the input caused the error', async () => {
    const { client, requests } = await serving(problem(409));
    await expect(client.get('/v1/status')).rejects.toThrow(ApiProblem);
    expect(requests).toHaveLength(1);
  });
});

it.each([
  ['503', problem(503)],
  ['a reset', reset],
])('never retries a POST after %s, since it may have been done', async (_, failure) => {
  const { client, requests } = await serving(failure, ok);
  await expect(client.post('/v1/tokens', {})).rejects.toThrow();
  expect(requests).toHaveLength(1);
});

it('retries a POST that is marked as idempotent', async () => {
  const { client, requests } = await serving(reset, problem(503), ok);
  await expect(client.post('/v1/events', [], { repeatable: true })).resolves.toEqual({ done: true });
  expect(requests).toHaveLength(3);
});

it('sends its token, the query without what is not given, and JSON', async () => {
  const { client, requests } = await serving(ok);
  await client.get('/v1/cases', { status: 'open', cursor: undefined, limit: 5 });
  await client.post('/v1/policy', { version: '1' });
  expect(requests[0]).toMatchObject({
    url: '/v1/cases?status=open&limit=5',
    headers: { authorization: 'Bearer ght_a_b' },
  });
  expect(requests[1]).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
});

it('reports at once that no server listens, or that the server is not Gatehouse', async () => {
  await expect((await nowhere()).get('/v1/status')).rejects.toMatchObject({ code: 'connection-refused' });
  const { client } = await serving((response) => response.end('<html>'));
  await expect(client.get('/v1/status')).rejects.toMatchObject({ code: 'not-gatehouse' });
  const { client: other } = await serving((response) => response.writeHead(502).end('<html>'));
  await expect(other.get('/v1/status')).rejects.toThrow(/502 .* check --url/);
});

it('reports in plain words whatever JSON another server answers', async () => {
  const answering = (body: string, status = 200) => serving((response) => response.writeHead(status).end(body));
  for (const body of ['null', '7', '"x"', '[]', 'true']) {
    const { client } = await answering(body);
    const isNot = { code: 'not-gatehouse', message: expect.stringMatching(/not with a JSON object, .*correct --url/) };
    await expect(client.get('/v1/status')).rejects.toMatchObject(isNot);
    await expect(client.list('/v1/cases', {}, 3)).rejects.toMatchObject(isNot);
  }
  const { client } = await answering('{"items":null}');
  await expect(client.list('/v1/cases', {}, 3)).rejects.toMatchObject({ code: 'not-gatehouse' });
  const { client: failing } = await answering('null', 418);
  await expect(failing.get('/v1/status')).rejects.toThrow(/418 .* without a problem document: check --url/);
});

it('follows pages of a list up to the limit', async () => {
  const page =
    (items: number[], nextCursor?: string): Answer =>
    (response) =>
      response.end(JSON.stringify({ items, nextCursor }));
  const { client, requests } = await serving(page([1, 2], 'a'), page([3], 'b'), page([4]));
  await expect(client.list('/v1/waitlist', {}, 3)).resolves.toEqual([1, 2, 3]);
  expect(requests.map(({ url }) => url)).toEqual(['/v1/waitlist?limit=3', '/v1/waitlist?limit=1&cursor=a']);
});

describe('the feed', () => {
  const event = (position: number) => `id: ${position}\nevent: X\ndata: {"position":"${position}"}\n\n`;
  const stream =
    (...positions: number[]): Answer =>
    (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(positions.map(event).join(''), () => response.destroy());
    };

  it('resumes with Last-Event-ID after its connection broke', async () => {
    const { client, requests, stop } = await serving(stream(1, 2), problem(503), stream(3));
    const seen: string[] = [];
    const follow = async () => {
      for await (const { position } of followFeed(client, { after: '0' }, () => {})) {
        seen.push(position);
        if (position === '3') stop.abort();
      }
    };
    await expect(follow()).rejects.toThrow(/abort/i);
    expect(seen).toEqual(['1', '2', '3']);
    expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual(['0', '2', '2']);
  });

  it('gives up if the request is refused, and if no server runs at the start', async () => {
    const { client } = await serving(problem(403));
    await expect(followFeed(client, { after: '0' }, () => {}).next()).rejects.toThrow(ApiProblem);
    await expect(followFeed(await nowhere(), { after: '0' }, () => {}).next()).rejects.toThrow(NotReachable);
  });
});
