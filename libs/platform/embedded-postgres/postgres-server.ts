import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { chown, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../database/connection.js';
import { makeDirectory } from '../database/make-directory.js';
import { explainFailure, StartFailure } from '../start-failure.js';
import { initialise, readPassword, SUPERUSER, writeAccessRules } from './cluster.js';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.js';
import { hasOpen, isAlive, type Postmaster, postmasterFile, readPostmaster } from './postmaster-file.js';
import { ServerLock } from './server-lock.js';
import { childProcess, foreignProcess, type ServerProcess } from './server-process.js';
import { serverSettings } from './server-settings.js';
import { checkReachable, processOptions, type ServerUser, serverUser } from './server-user.js';
import { makeSocketDirectory, SOCKET_PORT } from './socket-directory.js';

const POLL_MS = 20;
/** Asking for the lock starts a program. */
const LOCK_POLL_MS = 200;
/** Time for another process to finish creating or starting the cluster, or to die. */
const LOCK_PATIENCE_MS = 15_000;
const STOP_PATIENCE_MS = 8_000;
const EXIT_PATIENCE_MS = 500;
const LOG_BYTES = 16 * 1024 * 1024;

export interface ServerOptions {
  /** Holds the cluster, its lock, its socket, its password and its log; created if it does not exist. */
  directory: string;
  /** Over and above serverSettings(). */
  settings?: Record<string, string>;
  /** Aborts the start and stops a server that it started. */
  signal?: AbortSignal;
  /** Called with one line about something that was wrong and is repaired. */
  onRepair?(line: string): void;
}

export interface PostgresServer {
  process: ServerProcess;
  /** False if it was running already. */
  launched: boolean;
  /** As the superuser, without a database. */
  superuser: Connection;
}

/**
 * Starts the server of a directory and waits until it accepts connections. Creates the cluster if there is none, and takes
 * over a server that a killed process left running. The server has its own session: it survives us and gets no signals of ours.
 * It holds a lock in the directory as long as any of its processes lives.
 * @param user of openDirectory()
 * @throws StartFailure
 */
export async function startServer(options: ServerOptions, user: ServerUser): Promise<PostgresServer> {
  const directory = resolve(options.directory);
  const cluster = join(directory, 'cluster');
  try {
    const binaries = postgresBinaries();
    await checkReachable(cluster, user);
    await checkReachable(binaries.postgres, user);
    const taken = await lockOrFind(directory, options.signal);
    if (!(taken instanceof ServerLock)) {
      const password = await readPassword(directory, user);
      return { process: foreignProcess(taken.pid), launched: false, superuser: connectionOf(cluster, taken, password) };
    }
    try {
      await taken.refuseUnseenServer();
      await removeStaleFile(cluster, options.onRepair);
      const password = await readPassword(directory, user);
      await taken.markUsed();
      if (!(await exists(join(cluster, 'PG_VERSION'))))
        await initialise(binaries, user, directory, taken.descriptor, options.signal);
      await writeAccessRules(cluster);
      const { process, ready } = await launch(binaries, user, directory, taken.descriptor, options);
      return { process, launched: true, superuser: connectionOf(cluster, ready, password) };
    } finally {
      if (taken.descriptor !== undefined) closeSync(taken.descriptor); // the server has its own by now
    }
  } catch (error) {
    throw explainFailure(directory, error);
  }
}

/** Stops the server with a fast shutdown; after 8 s with an immediate one, which loses nothing but slows the next start. */
export async function stopServer(server: ServerProcess, directory: string): Promise<void> {
  const cluster = join(resolve(directory), 'cluster');
  const holdsCluster = async () => {
    const found = await readPostmaster(cluster);
    return found !== 'empty' && found?.pid === server.pid && server.isRunning();
  };
  server.signal('SIGINT');
  for (let waited = 0; await holdsCluster(); waited += POLL_MS) {
    if (waited === STOP_PATIENCE_MS) server.signal('SIGQUIT');
    await sleep(POLL_MS);
  }
  // The lock file is removed shortly before the process ends. If no parent reaps the process, its pid stays forever.
  for (let waited = 0; server.isRunning() && waited < EXIT_PATIENCE_MS; waited += POLL_MS) await sleep(POLL_MS);
}

/**
 * Creates the directory if there is none.
 * @returns the user that the server runs as
 * @throws StartFailure if the directory belongs to somebody else; then nothing was changed
 */
export async function openDirectory(directory: string): Promise<ServerUser> {
  const user = await serverUser([directory, join(directory, 'cluster')]);
  await makeDirectory(directory);
  if (user.uid !== undefined) await chown(directory, user.uid, user.gid!);
  return user;
}

/** The lock, or the running server that holds it, once it accepts connections. @throws StartFailure if it is held by something that can't be taken over */
async function lockOrFind(directory: string, signal: AbortSignal | undefined): Promise<ServerLock | Postmaster> {
  const cluster = join(directory, 'cluster');
  for (let waited = 0; ; waited += LOCK_POLL_MS) {
    signal?.throwIfAborted();
    const lock = await ServerLock.tryTake(directory);
    if (lock) return lock;
    const found = await readPostmaster(cluster);
    // Recognised by the lock and not by its pid alone, which may be that of any program.
    if (found && found !== 'empty' && (await hasOpen(found.pid, ServerLock.pathIn(directory)))) {
      const ready = await waitReady(cluster, found.pid, signal);
      if (ready) return ready;
    }
    if (waited >= LOCK_PATIENCE_MS) {
      throw new StartFailure(
        'data-in-use',
        `the PostgreSQL of ${directory} runs already, and not where this process can see it: stop the container that uses this data directory, or set GATEHOUSE_DATA to another directory`,
      );
    }
    await sleep(LOCK_POLL_MS);
  }
}

/** No server runs, so the file of one is that of a killed one, even if another program has its pid by now. */
async function removeStaleFile(cluster: string, onRepair: ServerOptions['onRepair']): Promise<void> {
  const found = await readPostmaster(cluster);
  if (!found) return;
  if (found === 'empty')
    onRepair?.(
      `removed an empty ${postmasterFile(cluster)}: a server was killed while it started, or the disk was full`,
    );
  await rm(postmasterFile(cluster));
}

function connectionOf(cluster: string, { socketDirectory }: Postmaster, password: string): Connection {
  const host = resolve(cluster, socketDirectory);
  return { host, port: SOCKET_PORT, user: SUPERUSER, password, scramOnly: true };
}

async function launch(
  binaries: PostgresBinaries,
  user: ServerUser,
  directory: string,
  lock: number | undefined,
  { settings, signal }: ServerOptions,
): Promise<{ process: ServerProcess; ready: Postmaster }> {
  const cluster = join(directory, 'cluster');
  const sockets = await makeSocketDirectory(directory, user);
  const logPath = join(directory, 'postgres.log');
  const logBytes = (await stat(logPath).catch(() => undefined))?.size ?? 0;
  if (logBytes > LOG_BYTES) await rename(logPath, `${logPath}.1`);
  const log = await open(logPath, 'a', 0o600);
  try {
    const from = (await log.stat()).size;
    const all = {
      ...serverSettings(),
      port: String(SOCKET_PORT),
      // Relative to the cluster, so that its path may have any length and any character.
      unix_socket_directories: dirname(sockets) === directory ? '../socket' : `"${sockets}"`,
      ...settings,
    };
    const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [program, ...before] = [...user.prefix, binaries.postgres];
    const child = spawn(program!, [...before, '-D', cluster, ...flags], {
      ...processOptions(user),
      cwd: directory,
      detached: true,
      stdio: ['ignore', log.fd, log.fd, lock ?? 'ignore'],
    });
    child.unref();
    let ended = false;
    const failed = new Promise<never>((_, reject) => {
      child.on('error', reject);
      child.once('exit', async () => {
        const logged = await readFile(logPath).catch(() => Buffer.alloc(0)); // the directory may be gone by now
        reject(explainFailure(directory, logged.subarray(from).toString()));
        ended = true;
      });
    });
    failed.catch(() => {});
    const ready = waitReady(cluster, child.pid, signal, () => ended).catch(async (error) => {
      if (signal?.aborted && child.pid) await stopServer(childProcess(child), directory);
      throw error;
    });
    return { process: childProcess(child), ready: (await Promise.race([ready, failed])) ?? (await failed) };
  } finally {
    await log.close();
  }
}

/** Waits without a time limit, since recovery may be long. @returns undefined if the server ends */
async function waitReady(
  cluster: string,
  pid: number | undefined,
  signal: AbortSignal | undefined,
  ended = () => !isAlive(pid!),
): Promise<Postmaster | undefined> {
  for (;;) {
    signal?.throwIfAborted();
    const found = await readPostmaster(cluster);
    if (found && found !== 'empty' && found.pid === pid && found.ready) return found;
    if (ended()) return undefined;
    await sleep(POLL_MS);
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
