import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { catalogue } from '../../apps/composition/catalogue.js';
import { connectDatabase, openDatabase } from '../../libs/platform/database/database.js';
import { migrate } from '../../libs/platform/database/migrate.js';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../libs/platform/embedded-postgres/embedded-postgres.js';
import { postgresBinaries } from '../../libs/platform/embedded-postgres/postgres-binaries.js';
import { openDirectory, startServer, stopServer } from '../../libs/platform/embedded-postgres/postgres-server.js';
import { processOptions, serverUser } from '../../libs/platform/embedded-postgres/server-user.js';
import { until } from '../support/until.js';

const SETTINGS = { fsync: 'off', shared_buffers: '64MB' };
/** What initdb of the earlier versions wrote. */
const OLD_RULES = `local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
`;
const OWNERS = `
  SELECT DISTINCT pg_get_userbyid(owner) FROM (
    SELECT relowner AS owner, relnamespace AS schema FROM pg_class
    UNION ALL SELECT proowner, pronamespace FROM pg_proc
    UNION ALL SELECT typowner, typnamespace FROM pg_type
    UNION ALL SELECT nspowner, oid FROM pg_namespace
  ) o JOIN pg_namespace n ON n.oid = o.schema
  WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')`;

describe('a data directory of an earlier version', () => {
  let parent: string;
  let directory: string;
  let cluster: string;
  let postgres: EmbeddedPostgres | undefined;

  /** As earlier versions left it: one role, the superuser, owns everything, and no file is a lock. */
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'gatehouse-older-'));
    await chmod(parent, 0o755);
    directory = join(parent, 'postgres');
    cluster = join(directory, 'cluster');
    const user = await openDirectory(directory);
    const { process, superuser } = await startServer({ directory, settings: SETTINGS }, user);
    const admin = new pg.Client({ ...superuser, database: 'postgres' });
    await admin.connect();
    await admin.query('CREATE DATABASE gatehouse');
    await admin.end();
    const migrations = { applicationName: 'earlier', migrations: catalogue.migrations };
    const { dataSource } = await connectDatabase({ ...superuser, database: 'gatehouse' }, migrations);
    await migrate(dataSource);
    await dataSource.query("INSERT INTO platform.tokens VALUES ('t', 'kept', '{service}', '', now(), 'x')");
    await dataSource.destroy();
    await stopServer(process, directory);
    await writeFile(join(cluster, 'pg_hba.conf'), OLD_RULES);
    for (const name of ['server.lock', 'socket']) await rm(join(directory, name), { recursive: true });
  });
  afterAll(async () => {
    await postgres?.stop();
    await rm(parent, { recursive: true, force: true });
  });

  const start = async () => {
    postgres = await startEmbeddedPostgres({ directory, settings: SETTINGS });
    return postgres;
  };

  it('is refused while the server of that version still runs, and that server is left alone', async () => {
    const user = await serverUser([directory]);
    const [program, ...before] = [...user.prefix, postgresBinaries().postgres];
    const options = { ...processOptions(user), cwd: directory, stdio: 'ignore' as const };
    const settings = ['-c', 'listen_addresses=', '-c', `unix_socket_directories=${directory}`];
    const server = spawn(program!, [...before, '-D', cluster, ...settings], options);
    const ended = once(server, 'exit');
    const file = join(cluster, 'postmaster.pid');
    await until(async () => /ready/.test(await readFile(file, 'utf8').catch(() => '')));
    await expect(start()).rejects.toMatchObject({
      code: 'data-in-use',
      message: expect.stringContaining(`kill -INT ${server.pid}`),
    });
    expect(server.exitCode).toBeNull();
    server.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });

  it('is refused and not changed if it has an empty postmaster.pid, since such a server may be starting', async () => {
    const file = join(cluster, 'postmaster.pid');
    await writeFile(file, '');
    const files = await readdir(cluster);
    await expect(start()).rejects.toMatchObject({
      code: 'server-unclear',
      message: expect.stringContaining(`${file} is empty`),
    });
    expect(await readdir(cluster)).toEqual(files);
    await rm(file);
  });

  it('starts with its data, the new rules, and everything owned by the role of the backend', async () => {
    const { connection, superuser } = await start();
    const { dataSource } = await openDatabase(connection, { migrations: catalogue.migrations, entities: [] });
    expect(await dataSource.query('SELECT name FROM platform.tokens')).toEqual([{ name: 'kept' }]);
    await dataSource.query('ALTER TABLE platform.tokens ADD COLUMN of_a_later_migration int');
    await dataSource.destroy();
    const client = new pg.Client({ ...superuser, database: 'gatehouse' });
    await client.connect();
    expect((await client.query({ text: OWNERS, rowMode: 'array' })).rows.flat()).toEqual([connection.user]);
    const { rows } = await client.query(
      "SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = 'gatehouse'",
    );
    expect(rows).toEqual([{ owner: connection.user }]);
    await client.end();
    expect(await readFile(join(cluster, 'pg_hba.conf'), 'utf8')).not.toMatch(/^host/m);
  });
});
