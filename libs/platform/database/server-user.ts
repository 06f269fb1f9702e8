import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { StartFailure } from './start-failure.js';

const run = promisify(execFile);
const NAME = 'postgres';

/** Whom the server runs as: nothing for "as we do", since PostgreSQL refuses to run as root. */
export interface ServerUser {
  uid?: number;
  gid?: number;
}

/** Ourselves, or for root the system's user `postgres`, made where it does not exist. */
export async function serverUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return {};
  const known = await lookUp();
  if (known) return known;
  try {
    await run('groupadd', ['--system', NAME]).catch(() => {}); // it may exist without the user
    await run('useradd', ['--system', '--gid', NAME, '--no-create-home', '--shell', '/usr/sbin/nologin', NAME]);
  } catch (cause) {
    throw new StartFailure(
      'no-unprivileged-user',
      `PostgreSQL does not run as root and the user "${NAME}" could not be made: create it, start as another user, or set GATEHOUSE_DATABASE_URL`,
      { cause },
    );
  }
  return (await lookUp()) ?? {};
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
      `as root, PostgreSQL runs as the user "${NAME}", who may not pass ${parent} on the way to ${path}: run "chmod o+x ${parent}", or work outside of it`,
    );
  }
}

async function lookUp(): Promise<ServerUser | undefined> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, NAME])).stdout)),
    );
    return { uid, gid };
  } catch {
    return undefined;
  }
}
