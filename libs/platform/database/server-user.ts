import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { StartFailure } from '../start-failure.js';

const run = promisify(execFile);
const NAME = 'postgres';

/** The user that the server runs as; PostgreSQL refuses to run as root. */
export interface ServerUser {
  /** Undefined for our own user. */
  uid?: number;
  gid?: number;
  /** Command that wraps the server program. */
  prefix: readonly string[];
}

const OUR_USER: ServerUser = { prefix: [] };

/**
 * Runs the server in a user namespace that maps root to another user, one that every system has (initdb looks it up). The
 * files still belong to root, so no directory permission needs to change.
 */
const NAMESPACE = ['unshare', '--user', '--map-user=daemon', '--map-group=daemon', '--'];
const IN_NAMESPACE: ServerUser = { prefix: NAMESPACE };

/**
 * Our own user. As root: a user namespace if the system allows it, otherwise the system user `postgres`, created if needed.
 * @param cluster its owner is kept if it exists
 */
export async function serverUser(cluster: string): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return OUR_USER;
  const owner = await stat(cluster).then(
    ({ uid }) => uid,
    () => 0,
  );
  if (owner === 0 && (await namespacesWork())) return IN_NAMESPACE;
  return systemUser();
}

async function namespacesWork(): Promise<boolean> {
  const [program, ...flags] = NAMESPACE;
  return run(program!, [...flags, 'id', '-un']).then(
    () => true,
    () => false,
  );
}

async function systemUser(): Promise<ServerUser> {
  const known = await lookUp();
  if (known) return known;
  try {
    await run('groupadd', ['--system', NAME]).catch(() => {}); // it may exist without the user
    await run('useradd', ['--system', '--gid', NAME, '--no-create-home', '--shell', '/usr/sbin/nologin', NAME]);
  } catch (cause) {
    throw new StartFailure(
      'no-unprivileged-user',
      `PostgreSQL does not run as root, and the user "${NAME}" could not be created: create it, start as another user, or set GATEHOUSE_DATABASE_URL`,
      { cause },
    );
  }
  return (await lookUp()) ?? OUR_USER;
}

/** @throws StartFailure with the first directory on the way to `path` that the server's user can't enter */
export async function checkReachable(path: string, user: ServerUser): Promise<void> {
  if (user.uid === undefined) return;
  const parents: string[] = [];
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    parents.unshift(at);
    if (at === dirname(at)) break;
  }
  for (const parent of parents) {
    const { mode, uid, gid } = await stat(parent);
    const passes = uid === user.uid ? mode & 0o100 : gid === user.gid ? mode & 0o010 : mode & 0o001;
    if (passes) continue;
    throw new StartFailure(
      'directory-closed',
      `when started as root, PostgreSQL runs as the user "${NAME}", who has no access to ${parent} and therefore not to ${path}: run "chmod o+x ${parent}", or use another directory`,
    );
  }
}

async function lookUp(): Promise<ServerUser | undefined> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, NAME])).stdout)),
    );
    return { uid, gid, prefix: [] };
  } catch {
    return undefined;
  }
}
