import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { explainFailure, StartFailure } from '../start-failure.js';
import { makeDirectory } from './make-directory.js';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.js';
import { serverSettings } from './server-settings.js';
import { checkReachable, type ServerUser, serverUser } from './server-user.js';

const run = promisify(execFile);
const POLL_MS = 20;
const STOP_PATIENCE_MS = 8_000;
const EXIT_PATIENCE_MS = 500;
const LOG_BYTES = 16 * 1024 * 1024;
const HOST = '127.0.0.1';

export const SERVER_USER = 'gatehouse';

export interface ServerOptions {
  /** Holds the cluster, its password and its log; created if it does not exist. */
  directory: string;
  /** 0 picks a free port. */
  port: number;
  /** Over and above serverSettings(). */
  settings?: Record<string, string>;
  /** Aborts the start and stops a server that it started. */
  signal?: AbortSignal;
}

export interface PostgresServer {
  pid: number;
  /** False if it was running already. */
  launched: boolean;
  connection: { host: string; port: number; user: string; password: string };
}

/**
 * Starts the server of a directory and waits until it accepts connections. Creates the cluster if there is none, and takes
 * over a server that a killed process left running. The server has its own session: it survives us and gets no signals of ours.
 * @throws StartFailure
 */
export async function startServer({
  directory: given,
  port,
  settings = {},
  signal,
}: ServerOptions): Promise<PostgresServer> {
  const directory = resolve(given);
  const cluster = join(directory, 'cluster');
  try {
    const binaries = postgresBinaries();
    const user = await serverUser(cluster);
    await makeDirectory(directory);
    if (user.uid !== undefined) await chown(directory, user.uid, user.gid!);
    await checkReachable(cluster, user);
    await checkReachable(binaries.postgres, user);
    const password = await readPassword(directory, user);
    const connect = (server: { pid: number; port: number }, launched: boolean): PostgresServer => ({
      pid: server.pid,
      launched,
      connection: { host: HOST, port: server.port, user: SERVER_USER, password },
    });

    const running = await findRunning(cluster);
    if (running && (port === 0 || port === running.port))
      return connect(await waitReady(cluster, running.pid, signal), false);
    if (running) await stopServer(running.pid, directory);

    if (!(await exists(join(cluster, 'PG_VERSION')))) await initialise(binaries, user, directory, cluster, signal);
    const place = { directory, cluster, port: await claimPort(port) };
    return connect(await launch(binaries, user, place, { ...serverSettings(), ...settings }, signal), true);
  } catch (error) {
    throw explainFailure(directory, error);
  }
}

/** Stops the server with a fast shutdown; after 8 s with an immediate one, which loses nothing but slows the next start. */
export async function stopServer(pid: number, directory: string): Promise<void> {
  const cluster = join(resolve(directory), 'cluster');
  const holdsCluster = async () => (await readLockFile(cluster))?.pid === pid && isAlive(pid);
  sendSignal(pid, 'SIGINT');
  for (let waited = 0; await holdsCluster(); waited += POLL_MS) {
    if (waited === STOP_PATIENCE_MS) sendSignal(pid, 'SIGQUIT');
    await sleep(POLL_MS);
  }
  // The lock file is removed shortly before the process ends. If no parent reaps the process, its pid stays forever.
  for (let waited = 0; isAlive(pid) && waited < EXIT_PATIENCE_MS; waited += POLL_MS) await sleep(POLL_MS);
}

const idsOf = ({ uid, gid }: ServerUser) => (uid === undefined ? {} : { uid, gid });

async function readPassword(directory: string, user: ServerUser): Promise<string> {
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

/** Creates the cluster under another name first: an interrupted start leaves nothing that looks like a cluster. */
async function initialise(
  binaries: PostgresBinaries,
  user: ServerUser,
  directory: string,
  cluster: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const draft = `${cluster}.new`;
  await rm(draft, { recursive: true, force: true });
  const flags = [
    `--pgdata=${draft}`,
    `--username=${SERVER_USER}`,
    `--pwfile=${join(directory, 'password')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ];
  try {
    const [program, ...before] = [...user.prefix, binaries.initdb];
    const initdb = run(program!, [...before, ...flags], { ...idsOf(user), cwd: directory, signal });
    const ended = new Promise((resolve) => initdb.child.once('close', resolve));
    await initdb.finally(() => ended); // an aborted initdb first removes its files
  } catch (error) {
    throw explainFailure(directory, (error as { stderr?: string }).stderr || error);
  }
  await rename(draft, cluster);
}

async function launch(
  binaries: PostgresBinaries,
  user: ServerUser,
  { directory, cluster, port }: { directory: string; cluster: string; port: number },
  settings: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<{ pid: number; port: number }> {
  const logPath = join(directory, 'postgres.log');
  const logBytes = (await stat(logPath).catch(() => undefined))?.size ?? 0;
  if (logBytes > LOG_BYTES) await rename(logPath, `${logPath}.1`);
  const log = await open(logPath, 'a', 0o600);
  try {
    const from = (await log.stat()).size;
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [program, ...before] = [...user.prefix, binaries.postgres];
    const child = spawn(program!, [...before, '-D', cluster, '-p', String(port), ...flags], {
      ...idsOf(user),
      cwd: directory,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, LC_ALL: 'C' },
    });
    child.unref();
    let ended = false;
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('exit', async () => {
        const logged = await readFile(logPath).catch(() => Buffer.alloc(0)); // the directory may be gone by now
        reject(explainFailure(directory, logged.subarray(from).toString()));
        ended = true;
      });
    });
    failed.catch(() => {});
    const ready = waitReady(cluster, child.pid, signal, () => ended).catch(async (error) => {
      if (signal?.aborted && child.pid) await stopServer(child.pid, directory);
      throw error;
    });
    return await Promise.race([ready, failed]);
  } finally {
    await log.close();
  }
}

/** Waits without a time limit, since recovery may be long; rejects if the server ends or the signal aborts. */
async function waitReady(
  cluster: string,
  pid: number | undefined,
  signal: AbortSignal | undefined,
  ended = () => !isAlive(pid!),
): Promise<{ pid: number; port: number }> {
  for (;;) {
    signal?.throwIfAborted();
    const lock = await readLockFile(cluster);
    if (lock?.pid === pid && lock?.ready) return lock;
    if (ended()) throw new Error('the server ended while it was starting');
    await sleep(POLL_MS);
  }
}

/** The running server that the lock file names. Removes the file if its pid now belongs to another program. */
async function findRunning(cluster: string): Promise<{ pid: number; port: number } | undefined> {
  const lock = await readLockFile(cluster);
  if (!lock || !isAlive(lock.pid)) return undefined;
  const command = await readFile(`/proc/${lock.pid}/cmdline`, 'utf8')
    .then((text) => text.replaceAll('\0', ' '))
    .catch(() => run('ps', ['-p', String(lock.pid), '-o', 'command=']).then(({ stdout }) => stdout))
    .catch(() => '');
  if (command.includes(cluster)) return lock;
  await rm(join(cluster, 'postmaster.pid'), { force: true });
  return undefined;
}

/** Lines of postmaster.pid, as in PostgreSQL's src/include/utils/pidfile.h: 1 pid, 4 port, 8 status. */
async function readLockFile(cluster: string): Promise<{ pid: number; port: number; ready: boolean } | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  return pid > 0 ? { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' } : undefined;
}

/** Returns the port if it is free; picks a free one for 0. */
function claimPort(port: number): Promise<number> {
  return new Promise((settle, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new StartFailure(
              'postgres-port-busy',
              `port ${port} for PostgreSQL is in use: free it, or set GATEHOUSE_POSTGRES_PORT to another (0 picks a free port)`,
            )
          : error,
      ),
    );
    probe.listen(port, HOST, () => {
      const { port: chosen } = probe.address() as { port: number };
      probe.close(() => settle(chosen));
    });
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
