import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DAY_MS } from '../../kernel/clock.js';
import { StatementAccepted } from '../statement-events.js';
import { SubmissionFailure } from './submission-failure.js';
import { HttpTransparencyDatabase } from './transparency-database.js';

const submission = StatementAccepted.example.submission!;
let listener: RequestListener;
const server = createServer((request, response) => {
  request.resume();
  listener(request, response);
});
let database: HttpTransparencyDatabase;
/** For a server that never answers. */
let hurried: HttpTransparencyDatabase;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  database = new HttpTransparencyDatabase({ url, token: async () => 'token', timeoutMs: 60_000 });
  hurried = new HttpTransparencyDatabase({ url, token: async () => 'token', timeoutMs: 500 });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const answering =
  (status: number, body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
async function failureOf(answer: RequestListener, by = database): Promise<SubmissionFailure> {
  listener = answer;
  try {
    await by.submit([submission]);
  } catch (error) {
    if (error instanceof SubmissionFailure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

it('waits as long as the database asks, in seconds or until a time of its own clock', async () => {
  const date = 'Wed, 18 May 2022 09:00:00 GMT';
  expect((await failureOf(answering(429, '', { 'retry-after': '90' }))).waitMs).toBe(90_000);
  const until = { date, 'retry-after': 'Wed, 18 May 2022 09:02:00 GMT' };
  expect((await failureOf(answering(429, '', until))).waitMs).toBe(120_000);
  for (const wrong of ['soon', '-5', 'Wed, 18 May 2022 08:00:00 GMT'])
    expect((await failureOf(answering(429, '', { date, 'retry-after': wrong }))).waitMs).toBeUndefined();
  for (const late of ['999999', 'Wed, 18 May 2033 09:00:00 GMT'])
    expect((await failureOf(answering(429, '', { date, 'retry-after': late }))).waitMs).toBe(DAY_MS);
  expect((await failureOf(answering(429, ''))).isLost).toBe(false);
});

it('does not know what became of statements without an answer, or with too large a one', async () => {
  const silent = await failureOf(() => undefined, hurried);
  expect(silent).toMatchObject({ isLost: true, message: expect.stringContaining('500 ms') });
  expect(await failureOf((_, response) => void response.destroy())).toMatchObject({ isLost: true });
  expect(await failureOf(answering(503, 'down'))).toMatchObject({ isLost: true });
  expect(await failureOf(answering(201, 'x'.repeat(5_000_000)))).toMatchObject({ isLost: true });
});

it('follows no redirect with its token, and accepts only 201 as stored', async () => {
  let elsewhere = 0;
  listener = (request, response) => {
    if (request.url === '/elsewhere') elsewhere++;
    response.writeHead(302, { location: '/elsewhere' }).end();
  };
  await expect(database.submit([submission])).rejects.toThrow('302');
  expect(await database.has('x')).toBe(true);
  expect(elsewhere).toBe(0);
  for (const status of [200, 204, 401, 403, 404, 405])
    expect([status, (await failureOf(answering(status, ''))).isLost]).toEqual([status, false]);
});

it('has the errors of each statement in one printable line each, and not more than twenty', async () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`field_${n}`, ['wrong']]));
  listener = answering(422, { errors: { statement_0: { category: ['is\u001b[31m\nno code', 'twice'], ...many } } });
  const answer = await database.submit([submission]);
  expect(answer).toMatchObject({ outcome: 'refused' });
  const lines = answer.outcome === 'refused' ? answer.errors.get(0)! : [];
  expect(lines).toHaveLength(20);
  expect(lines.slice(0, 2)).toEqual(['category: is [31m no code', 'category: twice']);
});

it('believes no answer about a statement that it did not send', async () => {
  for (const errors of [{ statement_7: { puid: ['x'] } }, { existing_puids: ['another'] }, 'odd', null, []])
    for (const body of [{ message: 'no', errors }, errors]) {
      listener = answering(422, JSON.stringify(body));
      expect((await database.submit([submission])).outcome).toBe('refused-whole');
    }
  listener = answering(422, 'no JSON');
  expect(await database.submit([submission])).toEqual({ outcome: 'refused-whole', errors: ['it answered 422'] });
});

it('survives errors that lie deeper than any error does', async () => {
  const deep = `{"errors":${'['.repeat(200_000)}"here"${']'.repeat(200_000)}}`;
  listener = answering(422, deep);
  expect(await database.submit([submission])).toEqual({ outcome: 'refused-whole', errors: ['it answered 422'] });
  listener = answering(422, { errors: { statement_0: { category: [['wrong']] } } });
  const errors = new Map([[0, ['category: wrong']]]);
  expect(await database.submit([submission])).toEqual({ outcome: 'refused', errors });
});
