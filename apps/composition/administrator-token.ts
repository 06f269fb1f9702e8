import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TokenAdministration } from '../../libs/http/credentials/token-administration.js';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';
import type { CommandContext } from '../../libs/kernel/command-context.js';

/** Whether no token exists yet. */
export const hasNoToken = async (app: NestFastifyApplication): Promise<boolean> =>
  (await app.get(TokenRegistry).list()).length === 0;

const THE_START: CommandContext = { actor: { kind: 'process', id: 'gatehouse' }, correlationid: 'start' };

/** Creates a token. The returned line is the only place that shows its secret. */
export async function newAdministratorToken(app: NestFastifyApplication): Promise<string> {
  const { secret } = await app.get(TokenAdministration).createAdministrator(THE_START);
  return `  administrator token (shown only once, stored hashed):  ${secret}`;
}
