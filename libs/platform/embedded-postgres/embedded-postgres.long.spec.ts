import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, watch } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { until } from '../../../test/support/until.js';
import type { Connection } from '../database/connection.js';
import { explainFailure } from '../start-failure.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';
import { postgresBinaries } from './postgres-binaries.js';
import { openDirectory, startServer, stopServer } from './postgres-server.js';
import { checkReachable } from './server-user.js';

const SETTINGS = { fsync: 'off', shared_buffers: '64MB' };

async function ask(connection: Connection, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ database: 'postgres', ...connection });
  await client.connect();
  try {
    return (await client.query({ text: statement, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  let parent: string;
  let directory: string;
  let running: EmbeddedPostgres | undefined;
  let other: ChildProcess | undefined;

  const start = async () => {
    const lines: string[] = [];
    running = await startEmbeddedPostgres({
      directory,
      settings: SETTINGS,
      onOutage: (line) => lines.push(line),
      onRepair: (line) => lines.push(line),
    });
    return { ...running, lines };
  };

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'gatehouse-embedded-'));
    await chmod(parent, 0o755);
    directory = join(parent, 'postgres');
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
    other?.kill();
  });
  afterAll(() => rm(parent, { recursive: true, force: true }));

  it('creates a cluster with a private password and keeps its data across restarts', async () => {
    const first = await start();
    await ask(first.connection, 'CREATE TABLE kept (id int)');
    expect(await ask(first.connection, "SELECT current_setting('data_checksums')")).toEqual(['on']);
    expect((await stat(join(directory, 'password'))).mode & 0o777).toBe(0o600);
    await expect(ask({ ...first.connection, password: 'guessed' }, 'SELECT 1')).rejects.toThrow(/password/);
    await first.stop();
    await expect(ask(first.connection, 'SELECT 1')).rejects.toThrow(/ENOENT|ECONNREFUSED/);

    const second = await start();
    expect(await ask(second.connection, 'SELECT count(*) FROM kept')).toEqual(['0']);
  });

  it('refuses a directory that another process uses', async () => {
    await start();
    await expect(startEmbeddedPostgres({ directory, settings: SETTINGS })).rejects.toMatchObject({
      code: 'data-in-use',
    });
  });

  it('takes over a server that a killed process left running, and stops it', async () => {
    const orphan = await startServer({ directory, settings: SETTINGS }, await openDirectory(directory));
    const heir = await start();
    expect(await ask(heir.superuser, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int")).toEqual([
      orphan.process.pid,
    ]);
    await heir.stop();
    expect(() => process.kill(orphan.process.pid, 0)).toThrow();
  });

  it('is created once by several that start it at once, in a directory that only we may enter', async () => {
    const closed = join(parent, 'only-for-us');
    await mkdir(closed, { mode: 0o700 });
    const together = { directory: join(closed, 'postgres'), settings: SETTINGS };
    const user = await openDirectory(together.directory);
    const servers = await Promise.all(Array.from({ length: 3 }, () => startServer(together, user)));
    expect(new Set(servers.map(({ process }) => process.pid)).size).toBe(1);
    expect(servers.filter(({ launched }) => launched)).toHaveLength(1);
    await stopServer(servers[0]!.process, together.directory);
  });

  it('leaves no server behind when its start is aborted', async () => {
    const cluster = join(directory, 'cluster');
    const stop = new AbortController();
    let pid = 0;
    const watcher = watch(cluster, (_, name) => {
      if (name !== 'postmaster.pid' || stop.signal.aborted) return;
      pid = Number(readFileSync(join(cluster, name), 'utf8').split('\n')[0]);
      if (pid > 0) stop.abort();
    });
    const starting = startEmbeddedPostgres({ directory, settings: SETTINGS, signal: stop.signal });
    await expect(starting).rejects.toThrow();
    watcher.close();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('leaves no server behind if it can’t use the one it started', async () => {
    const password = join(directory, 'password');
    const ours = await readFile(password, 'utf8');
    await writeFile(password, 'forgotten');
    await expect(start()).rejects.toMatchObject({ code: 'postgres-password-wrong' });
    await writeFile(password, ours);
    expect(existsSync(join(directory, 'cluster', 'postmaster.pid'))).toBe(false);
  });

  it('ignores the lock file of a killed server, even if its pid now belongs to another program', async () => {
    await start().then(({ stop }) => stop());
    other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(other, 'spawn');
    await writeFile(
      join(directory, 'cluster', 'postmaster.pid'),
      `${other.pid}\n${join(directory, 'cluster')}\n0\n5432\n../socket\n\n\nready\n`,
    );
    const { connection } = await start();
    expect(await ask(connection, 'SELECT 1')).toEqual([1]);
    expect(other.exitCode).toBeNull();
  });

  it('starts with an empty postmaster.pid of a server that was killed while it started, and says so', async () => {
    await start().then(({ stop }) => stop());
    await writeFile(join(directory, 'cluster', 'postmaster.pid'), '');
    const { connection, lines } = await start();
    expect(await ask(connection, 'SELECT 1')).toEqual([1]);
    expect(lines).toEqual([expect.stringContaining('removed an empty')]);
  });

  it('restarts after it is killed, for the connections that it had before', async () => {
    const { connection, lines } = await start();
    const pid = Number((await readFile(join(directory, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    await until(() => lines.some((line) => line.endsWith('is back')));
    expect(await ask(connection, 'SELECT 1')).toEqual([1]);
  });

  it('signals nobody by the pid of a server that is dead and could not be restarted', async () => {
    const { lines, stop } = await start();
    const pid = Number((await readFile(join(directory, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
    const version = join(directory, 'cluster', 'PG_VERSION');
    const ours = await readFile(version, 'utf8');
    await writeFile(version, '15\n');
    process.kill(pid, 'SIGKILL');
    await until(() => lines.some((line) => line.includes('created by PostgreSQL 15')));
    const kill = jest.spyOn(process, 'kill');
    await stop();
    const sent = kill.mock.calls.filter(([to, name]) => to === pid && name !== 0);
    kill.mockRestore();
    await writeFile(version, ours);
    expect(sent).toEqual([]);
  });

  it('reports in one line that the data is of another major version', async () => {
    const version = join(directory, 'cluster', 'PG_VERSION');
    const ours = await readFile(version, 'utf8');
    await writeFile(version, '15\n');
    await expect(start()).rejects.toMatchObject({
      code: 'data-of-another-postgres',
      message: expect.stringContaining('created by PostgreSQL 15'),
    });
    await writeFile(version, ours);
  });

  it('reports in one line that the directory is a file', async () => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    await expect(startEmbeddedPostgres({ directory: join(file, 'postgres') })).rejects.toMatchObject({
      code: 'data-not-a-directory',
    });
  });

  it('names the directory that another user of the server has no access to, and the remedy', async () => {
    const closed = join(parent, 'closed-to-others');
    await mkdir(closed, { mode: 0o700 });
    await expect(
      checkReachable(join(closed, 'postgres'), { uid: 65_000, gid: 65_000, prefix: [] }),
    ).rejects.toMatchObject({
      code: 'directory-closed',
      message: expect.stringContaining(`chmod o+x ${closed}`),
    });
  });

  it('names the package that is missing on a platform without binaries', () => {
    expect(() => postgresBinaries('sunos', 'sparc')).toThrow(/@embedded-postgres\/sunos-sparc is not installed/);
  });

  it.each([
    ['FATAL:  could not write to file "pg_wal/xlogtemp.1": No space left on device', 'disk-full'],
    ['FATAL:  could not extend file "base/1/2691": wrote only 4096 of 8192 bytes at block 10', 'disk-full'],
    ['EROFS: read-only file system, mkdir', 'data-read-only'],
    ['FATAL:  data directory "/x" has wrong ownership', 'data-not-ours'],
    ['FATAL:  something unheard of', 'postgres-failed'],
  ])('explains %s', (evidence, code) => {
    expect(explainFailure('/data', evidence)).toMatchObject({ code, message: expect.not.stringContaining('\n') });
  });
});
