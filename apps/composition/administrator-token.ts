import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';

/** Whether no token exists yet. */
export const hasNoToken = async (app: NestFastifyApplication): Promise<boolean> =>
  (await app.get(TokenRegistry).list()).length === 0;

/** Creates a token. The returned line is the only place that shows its secret. */
export async function newAdministratorToken(app: NestFastifyApplication): Promise<string> {
  const wanted = { name: 'administrator', roles: ['administrator' as const], createdBy: 'gatehouse' };
  const { secret } = await app.get(TokenRegistry).create(wanted);
  return `  administrator token (shown only once, stored hashed):  ${secret}`;
}
