import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
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
 * Runs the server in a user namespace that maps our user to another one, one that every system has (initdb looks it up). The
 * files still belong to our user, so no directory permission needs to change.
 */
const NAMESPACE = ['unshare', '--user', '--map-user=daemon', '--map-group=daemon', '--'];
const IN_NAMESPACE: ServerUser = { prefix: NAMESPACE };

/** The server's processes get no variable but these: ours contain the keys, and a superuser can read theirs. */
const INHERITED = ['PATH', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'];

export function programEnvironment(): NodeJS.ProcessEnv {
  const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]!]]));
  return { ...Object.fromEntries(inherited), LC_ALL: 'C' };
}

export const processOptions = ({ uid, gid }: ServerUser) => ({
  env: programEnvironment(),
  ...(uid !== undefined && { uid, gid: gid! }),
});

/**
 * Our own user. As root or as a user without a name: a user namespace if the system allows it, otherwise root uses the
 * system user `postgres`, created if needed.
 * @param paths of the server's files, those that may not exist included; their owners are kept
 * @throws StartFailure if one belongs to another user
 */
export async function serverUser(paths: readonly string[]): Promise<ServerUser> {
  const ours = process.getuid?.();
  if (ours === undefined) return OUR_USER;
  const system = ours === 0 ? await lookUp() : undefined;
  const owners = new Set<number>();
  for (const path of paths) {
    const owner = await ownerOf(path);
    if (owner === undefined) continue;
    if (owner !== ours && owner !== system?.uid) throw belongsToAnother(path, owner);
    owners.add(owner);
  }
  if (ours !== 0 && hasName()) return OUR_USER;
  if (system && owners.has(system.uid!)) return system;
  if (await namespacesWork()) return IN_NAMESPACE;
  if (ours === 0) return systemUser();
  throw withoutName(ours);
}

/**
 * Keeps root, whom the system lets in everywhere, out of the directory of somebody else. Any other user is not checked.
 * @throws StartFailure as root, if the directory belongs neither to root nor to the server's user
 */
export async function checkOwner(path: string): Promise<void> {
  const ours = process.getuid?.();
  const owner = await ownerOf(path);
  if (ours !== 0 || owner === undefined || owner === ours || owner === (await lookUp())?.uid) return;
  throw belongsToAnother(path, owner);
}

const ownerOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ uid }) => uid,
    () => undefined,
  );

function belongsToAnother(path: string, owner: number): StartFailure {
  return new StartFailure(
    'data-not-ours',
    `${path} belongs to the user with id ${owner}, but this process runs as user ${process.getuid!()}: start it as the user who created it, change the owner of the whole directory, or set GATEHOUSE_DATA to another directory`,
  );
}

/** Whether the system's list of users has ours; many containers run as one that it lacks. */
function hasName(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
}

function withoutName(uid: number): StartFailure {
  return new StartFailure(
    'user-without-name',
    `PostgreSQL does not run as user ${uid}, who has no entry in /etc/passwd: add one, start as a user who has one, or set GATEHOUSE_DATABASE_URL`,
  );
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
