import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { catalogue } from '../../apps/composition/catalogue.js';
import type { Connection } from '../../libs/platform/database/connection.js';
import { openDatabase } from '../../libs/platform/database/database.js';
import { serverUser } from '../../libs/platform/embedded-postgres/server-user.js';
import { LockSession } from '../../libs/subscriptions/lock-session.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { until } from '../support/until.js';

const PORT = 6432;
const TABLES = { migrations: catalogue.migrations, entities: [] };

if (spawnSync('sh', ['-c', 'command -v pgbouncer']).status === 0) {
  describe('PgBouncer in front of the database', () => {
    let database: TestDatabase;
    let directory: string;
    let bouncer: ChildProcess | undefined;

    beforeAll(async () => {
      database = await createTestDatabase();
    });
    afterAll(() => database.drop());
    afterEach(async () => {
      if (bouncer?.kill('SIGKILL')) await once(bouncer, 'close');
      await rm(directory, { recursive: true });
    });

    async function inMode(mode: string): Promise<Connection> {
      directory = await mkdtemp(join(tmpdir(), 'gatehouse-bouncer-'));
      const { user, password, host, port } = database.connection;
      const settings = `
        [databases]
        * = host=${host} port=${port}
        [pgbouncer]
        listen_addr =
        unix_socket_dir = ${directory}
        listen_port = ${PORT}
        auth_type = scram-sha-256
        auth_file = ${join(directory, 'users.txt')}
        pool_mode = ${mode}`;
      await writeFile(join(directory, 'users.txt'), `"${user}" "${password}"\n`);
      await writeFile(join(directory, 'pgbouncer.ini'), settings.replaceAll(/^ +/gm, ''));
      // Like PostgreSQL it refuses to run as root.
      const { prefix, uid, gid } = await serverUser([]);
      const [program, ...args] = [...prefix, 'pgbouncer', '--quiet', join(directory, 'pgbouncer.ini')];
      bouncer = spawn(program!, args, { stdio: 'ignore', ...(uid !== undefined && { uid, gid: gid! }) });
      const connection = { ...database.connection, host: directory, port: PORT };
      await until(() => answers(connection));
      return connection;
    }

    async function answers(connection: Connection): Promise<boolean> {
      const client = new pg.Client(connection);
      client.on('error', () => {});
      try {
        await client.connect();
        await client.end();
        return true;
      } catch {
        return false;
      }
    }

    it.each(['transaction', 'statement'])('is refused in %s mode, with the remedy', async (mode) => {
      const connection = await inMode(mode);
      await expect(openDatabase(connection, TABLES)).rejects.toMatchObject({
        code: 'database-pooled',
        message: expect.stringContaining('pool_mode = session'),
      });
    });

    it('works in session mode, with its default configuration', async () => {
      const connection = await inMode('session');
      const { dataSource, pool } = await openDatabase(connection, TABLES);
      expect((await pool.query('SHOW datestyle')).rows).toEqual([{ DateStyle: 'ISO, MDY' }]);
      const [ours, theirs] = [new LockSession(connection), new LockSession(connection)];
      expect(await ours.tryHold('work')).toBeDefined();
      expect(await theirs.tryHold('work')).toBeUndefined();
      await ours.release('work');
      expect(await theirs.tryHold('work')).toBeDefined();
      await Promise.all([ours.close(), theirs.close()]);
      await dataSource.destroy();
    });

    it('differs from a database that does not exist', async () => {
      const connection = { ...(await inMode('session')), database: 'not_there' };
      await expect(openDatabase(connection, TABLES)).rejects.toMatchObject({
        code: 'database-unknown',
        message: expect.stringContaining('CREATE DATABASE'),
      });
    });
  });
} else {
  // biome-ignore lint/suspicious/noSkippedTests: not every system has the program
  it.skip('PgBouncer in front of the database: pgbouncer is not installed', () => {});
}
