import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { until } from '../../../test/support/until.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { type Connection, connectClient, openClient, openPool } from './connection.js';
import { openDatabase } from './database.js';

const TABLES = { migrations: [], entities: [] };
/** What a database may have set, and what a session of ours has. */
const PARAMETERS = [
  ['datestyle', 'SQL, DMY', 'ISO, MDY'],
  ['intervalstyle', 'sql_standard', 'postgres'],
  ['timezone', 'Asia/Kathmandu', 'UTC'],
  ['search_path', 'elsewhere', '"$user", public'],
  ['bytea_output', 'escape', 'hex'],
  ['extra_float_digits', '-5', '1'],
  ['standard_conforming_strings', 'off', 'on'],
  ['default_transaction_isolation', 'serializable', 'read committed'],
] as const;
const READ = `SELECT ${PARAMETERS.map(([name]) => `current_setting('${name}')`).join(', ')}`;
const OURS = PARAMETERS.map(([, , ours]) => ours);

describe('a database with other defaults', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    const admin = new pg.Client(database.superuser);
    await admin.connect();
    const name = database.connection.database!;
    await admin.query('CREATE SCHEMA elsewhere');
    for (const [parameter, theirs] of PARAMETERS)
      await admin.query(`ALTER DATABASE ${name} SET ${parameter} TO ${admin.escapeLiteral(theirs)}`);
    await admin.end();
  });
  afterAll(() => database.drop());

  const read = async (client: pg.Pool | pg.ClientBase) =>
    (await client.query({ text: READ, rowMode: 'array' })).rows[0];

  it('has no influence on the parameters of our sessions', async () => {
    const plain = new pg.Client(database.connection);
    await plain.connect();
    expect(await read(plain)).toEqual(PARAMETERS.map(([, theirs]) => theirs));
    await plain.end();
    const pool = openPool(database.connection, { statement_timeout: 1_234 });
    expect(await read(pool)).toEqual(OURS);
    expect((await pool.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '1234ms' }]);
    await pool.end();
    const client = await connectClient(openClient(database.connection, {}));
    expect(await read(client)).toEqual(OURS);
    await client.end();
  });

  it('stores and reads times as any other', async () => {
    const store = new PostgresEventStore(database.connection);
    const before = Date.now();
    await store.append([{ stream: 'account-a', expected: 'no-stream', events: [newEvent()] }]);
    const [event] = await store.readStream('account-a');
    expect(Math.abs(Date.parse(event!.recordedAt) - before)).toBeLessThan(3_600_000);
    await store.close();
  });

  it('is refused if its tables were created with another search_path, with the statement that moves them', async () => {
    const moved = await createTestDatabase();
    const admin = new pg.Client(moved.superuser);
    await admin.connect();
    await admin.query('CREATE SCHEMA elsewhere');
    await admin.query('ALTER TABLE public.gatehouse_migrations SET SCHEMA elsewhere');
    await expect(openDatabase(moved.connection, TABLES)).rejects.toMatchObject({
      code: 'schema-elsewhere',
      message: expect.stringContaining('"ALTER TABLE elsewhere.gatehouse_migrations SET SCHEMA public"'),
    });
    await admin.end();
    await moved.drop();
  });

  it.each([
    [
      'that does not exist',
      { database: 'not_there' },
      'database-unknown',
      /"not_there" does not exist.*CREATE DATABASE/,
    ],
    ['for another user', { user: 'not_there' }, 'database-login-refused', /correct user and password/],
    ['with a wrong password', { password: 'hunter2' }, 'database-login-refused', /^(?!.*hunter2).*correct user/],
    ['whose server is not there', { host: '/nowhere' }, 'database-unusable', /start it, or correct/],
  ])('%s is reported in one line with the remedy', async (_, wrong: Connection, code, line) => {
    await expect(openDatabase({ ...database.connection, ...wrong }, TABLES)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(line),
    });
  });
});

describe('a session that can’t be set up', () => {
  const AUTHENTICATED = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
  const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
  /** The fields of an error: severity, SQLSTATE, message. */
  const FIELDS = Buffer.from('SERROR\0C22023\0Mrefused\0\0');
  const REFUSED = Buffer.concat([Buffer.from([0x45, 0, 0, 0, FIELDS.length + 4]), FIELDS, READY]);
  const sockets = new Set<Socket>();
  let server: Server;
  let connection: Connection;
  /** To the first statement. */
  let answer: Buffer | undefined;

  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      let begun = false;
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
      socket.on('data', () => {
        if (!begun) socket.write(Buffer.concat([AUTHENTICATED, READY]));
        else if (answer) socket.write(answer);
        begun = true;
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    connection = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, user: 'gatehouse', database: 'x' };
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  it.each([{ pipeline: true }, {}])(
    'fails within the limit of connecting if the server is silent (pool: %j)',
    async (mode) => {
      answer = undefined;
      const pool = openPool(connection, { connectionTimeoutMillis: 500, ...mode });
      pool.on('error', () => {});
      await expect(pool.query('SELECT 1')).rejects.toThrow(/timeout/);
      await pool.end();
      await until(() => sockets.size === 0);
    },
  );

  it('leaves no connection behind', async () => {
    answer = REFUSED;
    const client = openClient(connection, {});
    client.on('error', () => {});
    await expect(connectClient(client)).rejects.toThrow('refused');
    await until(() => sockets.size === 0);
  });
});
