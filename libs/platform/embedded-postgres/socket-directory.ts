import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, lstat, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartFailure } from '../start-failure.js';
import type { ServerUser } from './server-user.js';

/** Only a part of the socket's name: nothing listens on a port. */
export const SOCKET_PORT = 5432;
/** The address of a Unix socket has room for 104 bytes on macOS and 108 on Linux, its final zero included. */
const LONGEST_ADDRESS = 103;

const socketIn = (directory: string): string => join(directory, `.s.PGSQL.${SOCKET_PORT}`);

/**
 * Creates an empty directory for the server's socket that only its owner may enter. It lies in `directory`, or among the
 * temporary files if that path is too long for a socket or its file system has none.
 * @param directory no server may run in it
 */
export async function makeSocketDirectory(directory: string, user: ServerUser): Promise<string> {
  const inside = join(directory, 'socket');
  await rm(inside, { recursive: true, force: true });
  if (Buffer.byteLength(socketIn(inside)) <= LONGEST_ADDRESS) {
    await makePrivate(inside, user);
    if (await takesSockets(inside)) return inside;
    await rm(inside, { recursive: true });
  }
  const digest = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  const outside = join(tmpdir(), `gatehouse-${digest}`);
  await removeOurs(outside, user);
  await makePrivate(outside, user);
  return outside;
}

async function makePrivate(path: string, { uid, gid }: ServerUser): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  await chmod(path, 0o700); // whatever the umask
  if (uid !== undefined) await chown(path, uid, gid!);
}

async function takesSockets(directory: string): Promise<boolean> {
  const probe = createServer();
  probe.listen(socketIn(directory));
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}

/** Anybody may create files among the temporary ones. */
async function removeOurs(path: string, user: ServerUser): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return;
  if (!found.isDirectory() || ![process.getuid?.(), user.uid].includes(found.uid)) {
    throw new StartFailure(
      'socket-directory-taken',
      `${path}, where PostgreSQL would place its socket, belongs to somebody else: remove it, or set GATEHOUSE_DATA to a shorter path`,
    );
  }
  await rm(path, { recursive: true });
}
