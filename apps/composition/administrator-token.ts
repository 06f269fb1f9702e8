import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';

/** Whether nobody could have a token yet. */
export const hasNoToken = async (app: NestFastifyApplication): Promise<boolean> =>
  (await app.get(TokenRegistry).list()).length === 0;

/** Makes one; the line is the only place where its secret is shown. */
export async function newAdministratorToken(app: NestFastifyApplication): Promise<string> {
  const wanted = { name: 'administrator', roles: ['administrator' as const], createdBy: 'gatehouse' };
  const { secret } = await app.get(TokenRegistry).create(wanted);
  return `  administrator token (shown this once, stored hashed):  ${secret}`;
}
