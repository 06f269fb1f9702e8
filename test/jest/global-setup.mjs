import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, prepare } from '../../apps/prepare.mjs';
import { MEMORY_DISK } from './memory-disk.mjs';
import { PREFIX, removeTestServer } from './test-server-directory.mjs';

/** Builds what specs load, and names the directory of this run's PostgreSQL, which the first test that needs one starts. */
export default async function setUp() {
  await prepare();
  await sweepAbandoned();
  const directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  chmodSync(directory, 0o755); // if we are root, the server runs as another user, who needs access
  process.env.GATEHOUSE_TEST_SERVER = directory;
}

/** Removes what killed runs left. */
async function sweepAbandoned() {
  const names = readdirSync(tmpdir());
  const servers = names.filter((name) => name.startsWith(PREFIX));
  const isAbandoned = (name) => !isAlive(Number(name.slice(PREFIX.length).split('-')[0]));
  for (const name of servers.filter(isAbandoned)) await removeTestServer(join(tmpdir(), name));
  // In memory, what other files of specs take is worth more than on a disk.
  if (!tmpdir().startsWith(MEMORY_DISK) || !servers.every(isAbandoned)) return;
  for (const name of names.filter((one) => one.startsWith('gatehouse-')))
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
}
