import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFailure } from '../start-failure.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { processOptions, type ServerUser } from './server-user.js';

/** The superuser, for set-up only. */
export const SUPERUSER = 'gatehouse';

/** Nobody connects but through the socket, and nobody without a password that is never sent. */
const ACCESS = `# Written by Gatehouse before every start.
# TYPE  DATABASE  USER  METHOD
local   all       all   scram-sha-256
`;

/** The password of the superuser; made at the first start. */
export async function readPassword(directory: string, user: ServerUser): Promise<string> {
  const path = join(directory, 'password');
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const password = randomBytes(24).toString('base64url');
    await writeFile(path, `${password}\n`, { mode: 0o600, flag: 'wx', flush: true });
    if (user.uid !== undefined) await chown(path, user.uid, user.gid!);
    return password;
  }
}

/**
 * Creates the cluster under another name first: an interrupted start leaves nothing that looks like a cluster.
 * @param lock a descriptor that initdb keeps open, and with it the lock, if this process is killed
 */
export async function initialise(
  binaries: PostgresBinaries,
  user: ServerUser,
  directory: string,
  lock: number | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const draft = join(directory, 'cluster.new');
  await rm(draft, { recursive: true, force: true });
  const flags = [
    `--pgdata=${draft}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${join(directory, 'password')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ];
  const [program, ...before] = [...user.prefix, binaries.initdb];
  const initdb = spawn(program!, [...before, ...flags], {
    ...processOptions(user),
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe', lock ?? 'ignore'],
    signal,
  });
  let complaint = '';
  initdb.stderr!.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  let failure: unknown = 'initdb was killed';
  initdb.on('error', (error) => {
    failure = error;
  });
  // An aborted initdb first removes its files.
  const code = await new Promise((resolve) => initdb.once('close', resolve));
  if (code !== 0) throw explainFailure(directory, complaint || failure);
  await rename(draft, join(directory, 'cluster'));
}

/** Replaces the rules of initdb or of an earlier version. */
export async function writeAccessRules(cluster: string): Promise<void> {
  const path = join(cluster, 'pg_hba.conf');
  if ((await readFile(path, 'utf8').catch(() => '')) === ACCESS) return;
  await writeFile(path, ACCESS, { flush: true });
}
