import { once } from 'node:events';
import { get } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, type INestApplication, Inject, Module, Param, Post, Query, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsInt, IsOptional, IsString, Max, MaxLength, ValidateNested } from 'class-validator';
import type { FastifyReply } from 'fastify';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { openTestKeys, type TestKeys } from '../../test/support/test-keys.js';
import { systemClock } from '../kernel/clock.js';
import type { CommandContext } from '../kernel/command-context.js';
import { Refusal, StoreUnavailable } from '../kernel/errors.js';
import { timeOrderedIds } from '../kernel/ids.js';
import { readSettings } from '../platform/configuration/settings.js';
import { connectDatabase } from '../platform/database/database.js';
import { Readiness } from '../platform/health/readiness.js';
import { createLogger } from '../platform/logging/logger.js';
import { nestLogger } from '../platform/logging/nest-logger.js';
import { DeclaredRoutes } from './credentials/declared-routes.js';
import { ROLES } from './credentials/principal.js';
import { Public, Roles } from './credentials/route-access.js';
import { StoredToken } from './credentials/stored-token.js';
import { TokenRegistry } from './credentials/token-registry.js';
import { Draining } from './draining.js';
import { HttpModule } from './http.module.js';
import { createHttpAdapter } from './http-adapter.js';
import { Context } from './request-context.js';

class Part {
  @IsString()
  @MaxLength(5)
  name!: string;
}
class Thing {
  @IsInt()
  size!: number;
  @ArrayNotEmpty()
  @ValidateNested({ each: true })
  @Type(() => Part)
  parts!: Part[];
}
class Paging {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Max(10)
  limit?: number;
}

@Controller('spec')
class SpecController {
  constructor(@Inject(Draining) private readonly draining: Draining) {}

  @Post('things')
  @Roles('operator', 'service')
  make(@Body() thing: Thing, @Context() context: CommandContext) {
    return { size: thing.size, context };
  }
  @Get('paged')
  @Public()
  paged(@Query() { limit }: Paging, @Context() context: CommandContext) {
    return { limit, actor: context.actor };
  }
  @Get('fails/:how')
  @Public()
  fail(@Param('how') how: string) {
    if (how === 'refused') throw new Refusal('too-many', 'there are 3 already; remove one', { limit: 3 });
    if (how === 'away') throw new StoreUnavailable('secret host down');
    const full = Object.assign(new Error('could not extend'), { code: '53100' });
    if (how === 'full') throw new StoreUnavailable('secret', { cause: full });
    throw new Error('secret inside');
  }
  @Get('endless')
  @Public()
  endless(@Res() reply: FastifyReply) {
    reply.hijack();
    reply.raw.write('started\n');
    this.draining.signal.addEventListener('abort', () => reply.raw.end());
  }
}

@Controller('undeclared')
class UndeclaredController {
  @Get('here')
  show() {}
}

let database: TestDatabase;
let dataSource: DataSource;
let testKeys: TestKeys;
const lines: string[] = [];

type ControllerClass = new (...args: never[]) => unknown;

async function start(...controllers: ControllerClass[]): Promise<{ app: INestApplication; url: string }> {
  const settings = readSettings({
    GATEHOUSE_PUBLIC_RATE_PER_MINUTE: '1000',
    GATEHOUSE_LOG_FORMAT: 'json',
  });
  const logger = createLogger(settings, { write: (line) => lines.push(line) });
  const parts = {
    settings,
    logger,
    clock: systemClock,
    ids: timeOrderedIds(systemClock),
    dataSource,
    personKeys: testKeys.keys,
    epoch: { current: '9c1f03ab55d2' },
  };
  @Module({ imports: [HttpModule.with(parts)], controllers })
  class SpecModule {}
  const app = await NestFactory.create(SpecModule, await createHttpAdapter(settings), {
    logger: nestLogger(logger),
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

beforeAll(async () => {
  database = await createTestDatabase();
  testKeys = await openTestKeys();
  const options = { applicationName: 'gatehouse-spec', entities: [StoredToken] };
  ({ dataSource } = await connectDatabase(database.connection, options));
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
  await testKeys.remove();
});

describe('a server with the HTTP module', () => {
  let app: INestApplication;
  let url: string;
  let operator: string;

  beforeAll(async () => {
    ({ app, url } = await start(SpecController));
    operator = (await app.get(TokenRegistry).create({ name: 'olga', roles: ['operator'], createdBy: 'spec' })).secret;
  });
  afterAll(() => app.close());

  const send = async (
    path: string,
    { body, headers = {}, token }: { body?: string; headers?: Record<string, string>; token?: string } = {},
  ) => {
    const answer = await fetch(url + path, {
      ...(body !== undefined && { method: 'POST', body }),
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, json: isJson ? JSON.parse(text) : undefined, text };
  };
  const problem = async (...given: Parameters<typeof send>) => {
    const answer = await send(...given);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.json).toMatchObject({
      status: answer.status,
      type: expect.stringMatching(/^https:\/\/gatehouse\.dev\/problems\/[a-z-]+$/),
      title: expect.any(String),
      detail: expect.any(String),
    });
    return { code: answer.json.type.split('/').at(-1), ...answer };
  };
  const thing = JSON.stringify({ size: 1, parts: [{ name: 'a' }] });

  it('admits only the roles of a route and lists them', async () => {
    expect(await problem('/spec/things', { body: thing })).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect((await problem('/spec/things', { body: thing, token: 'ght_nonsense' })).code).toBe('unauthenticated');
    expect((await problem('/spec/things', { body: thing, headers: { authorization: 'Basic eDp5' } })).code).toBe(
      'unauthenticated',
    );
    for (const role of ROLES) {
      const { secret } = await app.get(TokenRegistry).create({ name: role, roles: [role], createdBy: 'spec' });
      const answer = await send('/spec/things', { body: thing, token: secret });
      expect(answer.status).toBe(role === 'operator' || role === 'service' ? 201 : 403);
    }
  });

  it('checks a credential on a public route too, and takes the actor from it', async () => {
    expect((await send('/spec/paged', { token: operator })).json.actor).toEqual({
      kind: 'user',
      id: 'olga',
      role: 'operator',
      token: operator.slice('ght_'.length, 'ght_0123456789abcdef'.length),
    });
    expect((await send('/spec/paged')).json.actor).toEqual({ kind: 'user', id: 'anonymous' });
    expect((await problem('/spec/paged', { token: 'wrong' })).status).toBe(401);
  });

  it('continues a trace and a correlation id, or starts them', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const carried = await send('/spec/things', {
      body: thing,
      token: operator,
      headers: { traceparent, 'x-correlation-id': 'order-7' },
    });
    expect(carried.json.context).toMatchObject({
      correlationid: 'order-7',
      traceparent: expect.stringMatching(/^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)/),
    });
    const started = await send('/spec/things', {
      body: thing,
      token: operator,
      headers: { 'x-correlation-id': 'bad id!' },
    });
    expect(started.json.context.traceparent).toContain(started.json.context.correlationid);
  });

  it('reports all invalid fields at once, by JSON pointer in a body and by name in a query', async () => {
    const body = JSON.stringify({ size: 'big', parts: [{ name: 'a' }, { name: 'too long' }], 'a/b': 1 });
    const wrong = await problem('/spec/things', { body, token: operator });
    expect(wrong.status).toBe(400);
    expect(wrong.json.errors).toEqual(
      expect.arrayContaining([
        { field: '/size', message: 'must be an integer number' },
        { field: '/parts/1/name', message: 'must be shorter than or equal to 5 characters' },
        { field: '/a~1b', message: 'is not a field of this request' },
      ]),
    );
    expect(wrong.json.errors).toHaveLength(3);
    expect((await problem('/spec/paged?limit=11')).json.errors).toEqual([
      { field: 'limit', message: 'must not be greater than 10' },
    ]);
    expect((await send('/spec/paged?limit=7')).json.limit).toBe(7);
  });

  it.each([
    ['cut off', '{"size":', 'application/json', 400, 'malformed-json'],
    ['empty', '', 'application/json', 400, 'invalid-input'],
    ['with a prototype', '{"__proto__":{"x":1}}', 'application/json', 400, 'malformed-json'],
    ['an array', '[]', 'application/json', 400, 'invalid-input'],
    ['null', 'null', 'application/json', 400, 'invalid-input'],
    ['a number', '7', 'application/json', 400, 'invalid-input'],
    [
      'nested 100,000 levels deep',
      `{"size":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      'application/json',
      400,
      'invalid-input',
    ],
    ['XML', '<a/>', 'text/xml', 415, 'unsupported-media-type'],
    ['over 1 MiB', `"${'x'.repeat(1024 * 1024)}"`, 'application/json', 413, 'body-too-large'],
  ])('answers a body that is %s', async (_, body, type, status, code) => {
    expect(await problem('/spec/things', { body, token: operator, headers: { 'content-type': type } })).toMatchObject({
      status,
      code,
    });
  });

  it('refuses query parameters that are named like members of any object, like other unknown ones', async () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'prototype', '__proto__', 'unknown'])
      expect((await problem(`/spec/paged?limit=3&${name}=1`)).json.errors).toEqual([
        { field: name, message: 'is not a field of this request' },
      ]);
  });

  it('answers unknown routes and malformed URLs', async () => {
    expect(await problem('/nowhere')).toMatchObject({ status: 404, code: 'route-unknown' });
    expect((await problem('/spec/fails/%zz')).status).toBe(400);
    expect((await send(`/spec/fails/${'x'.repeat(1000)}`)).status).toBeLessThan(500);
  });

  it('reports refusals with their members, and asks to retry if the database is unreachable or full', async () => {
    expect(await problem('/spec/fails/refused')).toMatchObject({ status: 409, code: 'too-many', json: { limit: 3 } });
    const away = await problem('/spec/fails/away');
    expect(away).toMatchObject({ status: 503, code: 'store-unavailable' });
    expect(away.headers.get('retry-after')).toBe('1');
    expect(away.text).not.toContain('secret');
    expect((await problem('/spec/fails/full')).code).toBe('disk-full');
  });

  it('logs an internal error under an id and returns nothing else of it', async () => {
    const failed = await problem('/spec/fails/otherwise');
    expect(failed).toMatchObject({ status: 500, code: 'internal-error' });
    expect(failed.text).not.toContain('secret');
    const logged = lines.map((line) => JSON.parse(line)).find(({ incident }) => incident === failed.json.incident);
    expect(logged).toMatchObject({ route: '/spec/fails/:how', err: { message: 'secret inside' } });
  });

  it('reports health, and which check fails', async () => {
    expect((await send('/health/live')).json).toEqual({ status: 'live' });
    expect((await send('/health/ready')).json).toEqual({ ready: true, checks: { database: 'ok' } });
    app.get(Readiness).register('views', () => Promise.reject(new Error('the view cases is 900 events behind')));
    expect(await send('/health/ready')).toMatchObject({
      status: 503,
      json: { ready: false, checks: { database: 'ok', views: 'the view cases is 900 events behind' } },
    });
    app.get(Readiness).register('views', () => {});
  });

  it('serves metrics with durations by route template, and security headers everywhere', async () => {
    const metrics = await send('/metrics');
    expect(metrics.text).toMatch(
      /gatehouse_http_request_duration_seconds_count\{method="GET",route="\/spec\/fails\/:how",status="409"\} 1/,
    );
    expect(metrics.text).toContain('process_resident_memory_bytes');
    for (const path of ['/metrics', '/nowhere', '/health/live'])
      expect((await send(path)).headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('lists its routes', () => {
    const access = { kind: 'roles', roles: ['operator', 'service'] };
    const route = { method: 'POST', path: '/spec/things', access, handler: 'SpecController.make' };
    expect(app.get(DeclaredRoutes).all()).toContainEqual(expect.objectContaining(route));
  });
});

describe('starting and stopping', () => {
  let app: INestApplication | undefined;
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  it('refuses to start with a route that declares no access', async () => {
    await expect(start(UndeclaredController)).rejects.toMatchObject({
      code: 'route-undeclared',
      message: expect.stringContaining('UndeclaredController.show (GET /undeclared/here)'),
    });
  });

  it('ends endless responses and idle connections when it closes', async () => {
    const started = await start(SpecController);
    app = started.app;
    const idle = connect(Number(new URL(started.url).port), '127.0.0.1');
    await once(idle, 'connect');
    const [answer] = await once(get(`${started.url}/spec/endless`), 'response');
    await once(answer, 'data');
    const ended = once(answer, 'end');
    await app.close();
    await ended;
    idle.destroy();
  });
});
