import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, connectClient, openClient, openPool } from '../database/connection.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';

const SETTINGS = { fsync: 'off', shared_buffers: '64MB' };
const SECRET = 'a-secret-of-this-process';

async function ask(connection: Connection, statement: string): Promise<unknown[]> {
  const client = openClient({ database: 'postgres', ...connection }, {});
  client.on('error', () => {});
  try {
    await connectClient(client);
    return (await client.query({ text: statement, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

describe('who may enter the embedded PostgreSQL', () => {
  let parent: string;
  let directory: string;
  let postgres: EmbeddedPostgres;

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'gatehouse-access-'));
    await chmod(parent, 0o755);
    directory = join(parent, 'postgres');
    process.env.GATEHOUSE_MASTER_KEY = SECRET;
    postgres = await startEmbeddedPostgres({ directory, settings: SETTINGS });
  });
  afterAll(async () => {
    delete process.env.GATEHOUSE_MASTER_KEY;
    await postgres?.stop();
    await rm(parent, { recursive: true, force: true });
  });

  it('is who may enter the directory of its socket: its own user, with a password and by SCRAM', async () => {
    const { host } = postgres.connection;
    expect(host).toBe(join(directory, 'socket'));
    expect((await stat(host!)).mode & 0o777).toBe(0o700);
    expect(await ask(postgres.superuser, "SELECT current_setting('listen_addresses')")).toEqual(['']);
    const rules = await ask(
      postgres.superuser,
      `SELECT type || ' ' || auth_method FROM pg_hba_file_rules
       UNION SELECT 'stored ' || left(rolpassword, 14) FROM pg_authid WHERE rolpassword IS NOT NULL`,
    );
    expect(rules.sort()).toEqual(['local scram-sha-256', 'stored SCRAM-SHA-256$']);
  });

  it('connects the backend as a role that owns its database and may do nothing else', async () => {
    const { connection } = postgres;
    expect(
      await ask(
        connection,
        `SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls,
                (SELECT count(*)::int FROM pg_auth_members WHERE member = r.oid)
         FROM pg_roles r WHERE rolname = current_user`,
      ),
    ).toEqual([false, 0]);
    await ask(connection, 'CREATE SCHEMA kept');
    await ask(connection, 'CREATE TABLE kept.stolen (line text)');
    for (const attack of [
      "COPY kept.stolen FROM PROGRAM 'env'",
      "COPY kept.stolen FROM '/etc/passwd'",
      "SELECT pg_read_file('/etc/passwd')",
      "SELECT lo_import('/etc/passwd')",
      'ALTER SYSTEM SET listen_addresses TO 0',
      'SET ROLE gatehouse',
      'CREATE ROLE other SUPERUSER',
    ])
      await expect(ask(connection, attack)).rejects.toMatchObject({ code: '42501' });
  });

  it('has none of the variables of our process', async () => {
    await ask(postgres.superuser, 'CREATE TABLE environment (line text)');
    await ask(postgres.superuser, "COPY environment FROM PROGRAM 'env; tr ''\\0'' ''\\n'' < /proc/$PPID/environ'");
    const lines = (await ask(postgres.superuser, 'SELECT line FROM environment')) as string[];
    expect(lines).toContainEqual(expect.stringMatching(/^PATH=/));
    expect(lines.filter((line) => line.includes(SECRET) || line.startsWith('GATEHOUSE_'))).toEqual([]);
  });

  it('gives the backend another password at every start', async () => {
    const before = postgres.connection;
    await postgres.stop();
    postgres = await startEmbeddedPostgres({ directory, settings: SETTINGS });
    await expect(ask(before, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await ask(postgres.connection, 'SELECT 1')).toEqual([1]);
  });

  it('listens among the temporary files if the path of its directory is too long for a socket', async () => {
    const long = join(parent, 'long'.repeat(20), 'postgres');
    await mkdir(dirname(long));
    const far = await startEmbeddedPostgres({ directory: long, settings: SETTINGS });
    expect(await ask(far.connection, 'SELECT 1')).toEqual([1]);
    expect(far.connection.host!.length).toBeLessThan(long.length);
    expect((await stat(far.connection.host!)).mode & 0o777).toBe(0o700);
    await far.stop();
    await rm(far.connection.host!, { recursive: true });
  });
});

describe('a program in the place of the embedded PostgreSQL', () => {
  const OK = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
  const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
  const CLEAR = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
  const MD5 = Buffer.from([0x52, 0, 0, 0, 12, 0, 0, 0, 5, 1, 2, 3, 4]);
  const PASSWORD = 'the-password';
  let directory: string;
  let impostor: Server;
  let answer: Buffer;
  let received = '';
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-impostor-'));
    impostor = createServer((socket) => {
      sockets.add(socket);
      let begun = false;
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        if (begun) received += chunk.toString('latin1');
        else socket.write(answer);
        begun = true;
      });
    }).listen(join(directory, '.s.PGSQL.5432'));
    await once(impostor, 'listening');
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    impostor.close();
    await rm(directory, { recursive: true, force: true });
  });

  it.each([
    ['asks for the password in clear', () => CLEAR],
    ['asks for the password as MD5', () => MD5],
    ['does not prove that it knows the password', () => Buffer.concat([OK, READY])],
  ])('gets neither the password nor a statement if it %s', async (what, bytes) => {
    answer = bytes();
    received = '';
    const pool = openPool(
      { host: directory, port: 5432, user: 'gatehouse', password: PASSWORD, database: 'x', scramOnly: true },
      {},
    );
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ message: expect.stringContaining(what) });
    await pool.end();
    expect(received).toBe('');
  });
});
