import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { powerOverLog } from '../../libs/event-store/postgres/log-protection.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import { randomNonces } from '../../libs/kernel/ids.js';
import { logProtection } from '../../libs/operations/queries/log-protection.js';
import { type Connection, openDatabase } from '../../libs/platform/database/database.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase, urlOf } from '../../test/support/test-database.js';
import { wholeLog } from '../../test/support/whole-log.js';
import { catalogue } from './catalogue.js';
import { type MigratedDatabase, migrateConfigured } from './migrate-configured.js';

const TABLES = { migrations: catalogue.migrations, entities: [] };
/** A migration of the log that can run twice. */
const OWNERS = 'AppendAsOwner1700000000208';
const FORBIDDEN = '42501';

let database: TestDatabase;
let admin: pg.Client;
let owner: Connection;
let service: Connection;
let store: PostgresEventStore | undefined;

/** Users belong to the server, so each database has users with names of its own. */
const userOf = (name: string): Connection => ({
  ...database.connection,
  user: `${name}_${database.connection.database}`,
  password: `secret-of-${name}`,
});

async function open(created: TestDatabase): Promise<void> {
  database = created;
  admin = new pg.Client(database.superuser);
  await admin.connect();
  [owner, service] = [userOf('owner'), userOf('service')];
  await admin.query(`CREATE ROLE ${owner.user} LOGIN CREATEROLE PASSWORD '${owner.password}'`);
}

/** The owner of an empty database, who may create users, as an administrator would set it up. */
async function openNew(): Promise<void> {
  await open(await createEmptyDatabase());
  await admin.query(`ALTER DATABASE ${database.connection.database} OWNER TO ${owner.user}`);
}

afterEach(async () => {
  await store?.close();
  store = undefined;
  const users = [owner.user, service.user];
  await admin.end();
  await database.drop();
  const server = new pg.Client({ ...database.superuser, database: 'postgres' });
  await server.connect();
  for (const user of users.reverse()) await server.query(`DROP ROLE IF EXISTS ${user}`);
  await server.end();
});

const migrate = (as: Connection = owner, user: Connection = service): Promise<MigratedDatabase> =>
  migrateConfigured({ GATEHOUSE_DATABASE_URL: urlOf(user), GATEHOUSE_MIGRATION_DATABASE_URL: urlOf(as) });

const openStore = (connection: Connection = service): PostgresEventStore => {
  store = new PostgresEventStore(connection, undefined, randomNonces());
  return store;
};

const append = (to: PostgresEventStore) =>
  to.append([{ stream: 'account-a', expected: 'any', events: [newEvent('Tested')] }]);

async function as<Result>(user: Connection, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client(user);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('a new database with two users', () => {
  beforeEach(openNew);

  it('is migrated whole, and the user of the processes is created with its password and owns all but the log', async () => {
    expect(await migrate()).toEqual({
      migrations: catalogue.migrations.map(({ name }) => name).sort(byTime),
      user: service.user,
      owner: owner.user,
    });
    const owners = await as(service, async (client) => {
      const { rows } = await client.query(
        `SELECT DISTINCT nspname = 'log' AS log, pg_get_userbyid(relowner) AS owner FROM pg_class
         JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'S')
           AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`,
      );
      return rows;
    });
    expect(owners).toEqual([
      { log: false, owner: service.user },
      { log: true, owner: owner.user },
    ]);
  });

  it('lets that user append and read, whatever the release that starts', async () => {
    await migrate();
    const { dataSource, ran } = await openDatabase(service, TABLES);
    expect(ran).toEqual([]);
    await dataSource.destroy();
    await append(openStore());
    expect(await wholeLog(store!)).toHaveLength(1);
  });

  it('refuses that user everything else', async () => {
    await migrate();
    await append(openStore());
    const before = await wholeLog(store!);
    const attacks = [
      ...['events', 'streams', 'head'].flatMap((name) => [
        `DELETE FROM log.${name}`,
        `TRUNCATE log.${name}`,
        `LOCK TABLE log.${name} IN ROW EXCLUSIVE MODE`,
        `SELECT * FROM log.${name} FOR UPDATE`,
        `ALTER TABLE log.${name} DISABLE TRIGGER ALL`,
        `ALTER TABLE log.${name} OWNER TO CURRENT_USER`,
        `ALTER TABLE log.${name} ADD COLUMN more int`,
        `DROP TABLE log.${name}`,
        `CREATE TRIGGER stolen BEFORE INSERT ON log.${name} EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
        `CREATE RULE stolen AS ON INSERT TO log.${name} DO INSTEAD NOTHING`,
      ]),
      `UPDATE log.events SET type = 'Other'`,
      'UPDATE log.streams SET revision = 7',
      'UPDATE log.head SET position = 0',
      'INSERT INTO log.head (position) VALUES (1)',
      'CREATE INDEX ON log.events (type)',
      `SELECT nextval('log.stream_ids')`,
      'DROP SCHEMA log CASCADE',
      'ALTER SCHEMA log RENAME TO former',
      'CREATE TABLE log.other (a int)',
      `INSERT INTO log.simulation (present) VALUES ('2001-01-01')`,
      `SELECT log.begin_simulation('2001-01-01')`,
      `SELECT log.move_virtual_clock('2001-01-01')`,
      'DROP FUNCTION log.present_time',
      'DROP FUNCTION log.append',
      'ALTER FUNCTION log.append SECURITY INVOKER',
      'ALTER FUNCTION log.append RESET search_path',
      'TRUNCATE log.epoch',
      `SET ROLE ${owner.user}`,
      `SET SESSION AUTHORIZATION ${owner.user}`,
      `GRANT ${owner.user} TO CURRENT_USER`,
      'ALTER ROLE CURRENT_USER CREATEROLE',
      'SET session_replication_role TO replica',
      `ALTER DATABASE ${database.connection.database} RENAME TO former`,
      `COPY log.events TO PROGRAM 'true'`,
    ];
    await as(service, async (client) => {
      // Without a right to grant, it grants nothing and fails with a warning only.
      for (const name of ['events', 'streams', 'head']) await client.query(`GRANT ALL ON log.${name} TO CURRENT_USER`);
      for (const attack of attacks) {
        const code = await client.query(`BEGIN; ${attack}`).then(
          () => 'done',
          (error) => error.code,
        );
        expect([attack, code]).toEqual([attack, FORBIDDEN]);
        await client.query('ROLLBACK');
      }
    });
    expect(await wholeLog(store!)).toEqual(before);
    expect(await as(service, (client) => powerOverLog(client))).toBeUndefined();
  });

  it('runs nothing of that user with the rights of the owner when it appends', async () => {
    await migrate();
    await append(openStore());
    await as(service, async (client) => {
      await client.query(`
        CREATE SCHEMA planted;
        CREATE FUNCTION planted.cardinality(text[]) RETURNS int LANGUAGE plpgsql AS
          $$ BEGIN UPDATE log.events SET type = 'Altered'; RETURN 1; END $$;
        SET search_path TO planted, pg_catalog`);
      await client.query(
        `SELECT log.append('{account-b}', '{-1}', '{1}', '{1}', ARRAY[gen_random_uuid()], '{Tested}', ARRAY['{}'::json], ARRAY['{}'::json])`,
      );
    });
    expect((await wholeLog(store!)).map(({ type }) => type)).toEqual(['Tested', 'Tested']);
  });

  it('runs nothing of that user with the rights of the owner when it migrates', async () => {
    await migrate();
    await as(service, (client) =>
      client.query(`
        CREATE FUNCTION public.planted() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN CREATE TABLE public.ran_as AS SELECT session_user::text AS name; RETURN NEW; END $$;
        CREATE TRIGGER planted BEFORE INSERT ON gatehouse_migrations FOR EACH ROW EXECUTE FUNCTION public.planted();
        CREATE SCHEMA ${owner.user};
        CREATE TABLE ${owner.user}.gatehouse_migrations (LIKE public.gatehouse_migrations);
        DELETE FROM gatehouse_migrations WHERE name = '${OWNERS}'`),
    );
    expect(await migrate()).toMatchObject({ migrations: [OWNERS] });
    expect((await admin.query('SELECT name FROM public.ran_as')).rows).toEqual([{ name: service.user }]);
  });

  it('changes nothing when it is repeated', async () => {
    await migrate();
    await append(openStore());
    expect(await migrate()).toEqual({ migrations: [], user: service.user, owner: owner.user });
    await append(store!);
    expect(await store!.head()).toBe(2);
  });

  it('is not started by a release that has to change the log, until the owner has done so', async () => {
    await migrate();
    await as(service, (client) => client.query(`DELETE FROM gatehouse_migrations WHERE name = '${OWNERS}'`));
    await expect(openDatabase(service, TABLES)).rejects.toMatchObject({
      code: 'owner-must-migrate',
      message: expect.stringMatching(new RegExp(`${OWNERS}.*${owner.user}.*run "gatehouse migrate"`)),
    });
    expect(await migrate()).toMatchObject({ migrations: [OWNERS] });
    await (await openDatabase(service, TABLES)).dataSource.destroy();
  });

  it('is refused with one user in both settings, and with two databases', async () => {
    await expect(migrate(owner, owner)).rejects.toMatchObject({ code: 'same-user' });
    await migrate();
    const other = await createEmptyDatabase();
    const elsewhere = { ...service, database: other.connection.database! };
    await expect(migrate(owner, elsewhere)).rejects.toMatchObject({ code: 'other-database' });
    await other.drop();
  });

  it('is reported as protected only to processes that have no other way into the log', async () => {
    const one = { databaseUrl: urlOf(service), migrationDatabaseUrl: undefined, eventstoreUrl: undefined };
    const shown = (settings: object) => as(service, (client) => logProtection(client, { ...one, ...settings }));
    await migrate();
    expect(await shown({})).toEqual({
      protected: true,
      detail: 'the database refuses this process to change or delete them',
    });
    const ways = [
      { databaseUrl: undefined },
      { migrationDatabaseUrl: urlOf(owner) },
      { eventstoreUrl: 'kurrentdb://store:2113' },
    ];
    for (const settings of ways)
      expect(await shown(settings)).toEqual({
        protected: false,
        detail: expect.stringMatching(/^not protected against the service itself; detected by proof, since /),
      });
  });

  it('is reported as it is if the user of the processes gets more rights', async () => {
    await migrate();
    const power = () => as(service, (client) => powerOverLog(client));
    const rights = [
      ['GRANT UPDATE (type) ON log.events TO $', 'REVOKE UPDATE (type) ON log.events FROM $', 'may write'],
      ['GRANT TRUNCATE ON log.streams TO $', 'REVOKE TRUNCATE ON log.streams FROM $', 'may write'],
      ['GRANT TRIGGER ON log.head TO PUBLIC', 'REVOKE TRIGGER ON log.head FROM PUBLIC', 'may write'],
      ['GRANT CREATE ON SCHEMA log TO $', 'REVOKE CREATE ON SCHEMA log FROM $', 'may write'],
      ['GRANT pg_write_all_data TO $', 'REVOKE pg_write_all_data FROM $', 'may write'],
      ['GRANT pg_execute_server_program TO $', 'REVOKE pg_execute_server_program FROM $', 'may write files'],
      [
        `GRANT ${owner.user} TO $ WITH INHERIT FALSE`,
        `REVOKE ${owner.user} FROM $`,
        `member of ${owner.user}, which owns`,
      ],
      ['ALTER ROLE $ SUPERUSER', 'ALTER ROLE $ NOSUPERUSER', 'is a superuser'],
    ] as const;
    // A member of the service's user can't have that user as a member.
    await admin.query(`REVOKE ${service.user} FROM ${owner.user} CASCADE`);
    for (const [grant, revoke, reason] of rights) {
      await admin.query(grant.replace('$', service.user!));
      expect([grant, await power()]).toEqual([grant, expect.stringContaining(reason)]);
      await admin.query(revoke.replace('$', service.user!));
      expect([revoke, await power()]).toEqual([revoke, undefined]);
    }
  });
});

describe('an existing database with one user', () => {
  beforeEach(async () => open(await createTestDatabase()));

  it('is separated in place by a superuser, while it is in use', async () => {
    await append(openStore(database.connection));
    expect(await as(database.connection, (client) => powerOverLog(client))).toMatch(/gatehouse_backend owns the log/);
    expect(await migrate(database.superuser, database.connection)).toEqual({
      migrations: [],
      user: database.connection.user,
      owner: database.superuser.user,
    });
    await append(store!);
    expect(await wholeLog(store!)).toHaveLength(2);
    expect(await as(database.connection, (client) => powerOverLog(client))).toBeUndefined();
  });

  it('is handed to a new user of the processes if its former one owns the log from now on', async () => {
    await append(openStore(database.connection));
    await admin.query(`GRANT ${database.connection.user} TO ${owner.user}`);
    await admin.query(`ALTER DATABASE ${database.connection.database} OWNER TO ${owner.user}`);
    expect(await migrate()).toEqual({ migrations: [], user: service.user, owner: owner.user });
    await store!.close();
    await append(openStore());
    expect(await wholeLog(store!)).toHaveLength(2);
    await as(service, (client) => client.query('ALTER TABLE platform.tokens ADD COLUMN of_a_later_release int'));
  });

  it('is left as it was by a user who may not take the log', async () => {
    await append(openStore(database.connection));
    await expect(migrate(owner, database.connection)).rejects.toMatchObject({ code: 'owner-lacks-rights' });
    await append(store!);
    expect(await store!.head()).toBe(2);
  });

  it('stays with its user if there is no other, and is reported so', async () => {
    expect(await migrateConfigured({ GATEHOUSE_DATABASE_URL: urlOf(database.connection) })).toEqual({
      migrations: [],
      user: database.connection.user,
      owner: database.connection.user,
      power: expect.stringContaining('owns the log'),
    });
  });
});

it('asks for the address of the database', async () => {
  await open(await createEmptyDatabase());
  await expect(migrateConfigured({})).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('GATEHOUSE_DATABASE_URL is not set'),
  });
});

const byTime = (one: string, other: string): number => Number(one.slice(-13)) - Number(other.slice(-13));
