import { lookup } from 'node:dns/promises';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from '../../libs/platform/configuration/settings.js';
import { StartFailure } from '../../libs/platform/start-failure.js';

const UNUSABLE = new Set<string | undefined>(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EACCES']);

/**
 * Serves at one address: given `localhost`, Fastify would open a second server for a second address, which has no queue.
 * @returns the URL, with the host as it is set
 * @throws StartFailure
 */
export async function listen(
  app: NestFastifyApplication,
  { host, port }: Pick<Settings, 'host' | 'port'>,
): Promise<string> {
  try {
    await app.init();
    const { address } = await lookup(host, { order: 'ipv4first' });
    // Nest's own would log a failure in its words too.
    await app.getHttpAdapter().getInstance().listen({ port, host: address });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    await app.close();
    if (code === 'EADDRINUSE') {
      throw new StartFailure(
        'port-busy',
        `port ${port} of ${host} is in use: stop the process that listens there, or set GATEHOUSE_PORT to another port`,
      );
    }
    if (UNUSABLE.has(code)) {
      throw new StartFailure(
        'address-unusable',
        `can't listen on ${host}:${port} (${code}): set GATEHOUSE_HOST and GATEHOUSE_PORT to an address of this machine`,
      );
    }
    throw error;
  }
  const { port: bound } = app.getHttpServer().address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
}
