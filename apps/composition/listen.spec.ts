import 'reflect-metadata';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, jest } from '@jest/globals';
import { Controller, Get, Module, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { createHttpAdapter } from '../../libs/http/http-adapter.js';
import { readSettings } from '../../libs/platform/configuration/settings.js';
import { listen } from './listen.js';

@Controller()
class Proven {
  @Get('proven')
  prove(@Req() { server, raw }: FastifyRequest): string {
    server.requestQueue.noteCredential(raw, true);
    return 'proven';
  }
}
@Module({ controllers: [Proven] })
class ProvenModule {}

let app: NestFastifyApplication | undefined;
afterEach(async () => {
  jest.restoreAllMocks();
  await app?.close();
  app = undefined;
});

async function start(host: string, port = 0): Promise<string> {
  const adapter = await createHttpAdapter(readSettings({}));
  app = await NestFactory.create<NestFastifyApplication>(ProvenModule, adapter, { logger: false, abortOnError: false });
  return listen(app, { host, port });
}

type Found = (...found: unknown[]) => void;
const TWO = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));

it('serves at one address of a host that has two, with the queue, and names the host', async () => {
  const two = (host: string, ...given: [{ all?: boolean }, Found] | [Found]) =>
    given.length === 2 && given[0].all
      ? given[1](null, TWO)
      : (given.at(-1) as Found)(null, host === 'localhost' ? '127.0.0.1' : host, 4);
  jest.spyOn(dns, 'lookup').mockImplementation(two as unknown as typeof dns.lookup);
  const url = await start('localhost');
  jest.restoreAllMocks();
  expect(url).toMatch(/^http:\/\/localhost:\d+$/);
  expect(app!.getHttpAdapter().getInstance().addresses()).toEqual([
    { address: '127.0.0.1', family: 'IPv4', port: Number(new URL(url).port) },
  ]);
  expect(await (await fetch(`${url.replace('localhost', '127.0.0.1')}/proven`)).text()).toBe('proven');
});

it('says which address or port can’t be used', async () => {
  await expect(start('192.0.2.1')).rejects.toMatchObject({ code: 'address-unusable' });
  await expect(start('no-such-host.invalid')).rejects.toMatchObject({ code: 'address-unusable' });
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(start('127.0.0.1', port)).rejects.toMatchObject({ code: 'port-busy' });
  other.close();
});
