import { join, resolve } from 'node:path';
import type { Settings } from '../configuration/settings.js';
import { checkOwner } from './server-user.js';

/** The directory of the embedded database. @throws StartFailure as root, if the data directory belongs to somebody else */
export async function embeddedDirectory({ data }: Pick<Settings, 'data'>): Promise<string> {
  await checkOwner(resolve(data));
  return join(resolve(data), 'postgres');
}
