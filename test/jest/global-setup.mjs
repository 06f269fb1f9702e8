import { chmodSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../apps/prepare.mjs';
import { PREFIX, removeTestServer } from './test-server-directory.mjs';

/** Names the directory of this run's PostgreSQL; the first test that needs a database starts it. */
export default async function setUp() {
  await sweepAbandoned();
  const directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  chmodSync(directory, 0o755); // if we are root, the server runs as another user, who needs access
  process.env.GATEHOUSE_TEST_SERVER = directory;
}

/** Removes the servers of killed runs. */
async function sweepAbandoned() {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const owner = Number(name.slice(PREFIX.length).split('-')[0]);
    if (!isAlive(owner)) await removeTestServer(join(tmpdir(), name));
  }
}
