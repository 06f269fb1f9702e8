import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { StartFailure } from '../start-failure.js';

const run = promisify(execFile);
const NAME = 'postgres';

/** Whom the server runs as; PostgreSQL refuses to run as root. */
export interface ServerUser {
  /** Undefined for "as we do". */
  uid?: number;
  gid?: number;
  /** What goes before a server program's own command line. */
  prefix: readonly string[];
}

const AS_WE_ARE: ServerUser = { prefix: [] };

/**
 * In a user namespace where root goes by another name, one that every system knows (initdb looks it up). Files stay
 * root's, so no directory needs to be opened to anybody.
 */
const NAMESPACE = ['unshare', '--user', '--map-user=daemon', '--map-group=daemon', '--'];
const IN_NAMESPACE: ServerUser = { prefix: NAMESPACE };

/**
 * Ourselves; for root, ourselves under another number in a user namespace where the system allows that, else the system's
 * user `postgres`, made where it does not exist.
 * @param cluster where one exists, it stays with the user it belongs to
 */
export async function serverUser(cluster: string): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return AS_WE_ARE;
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
  return (await lookUp()) ?? AS_WE_ARE;
}

/** @throws StartFailure naming the first directory on the way to `path` that the server's user may not pass */
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
