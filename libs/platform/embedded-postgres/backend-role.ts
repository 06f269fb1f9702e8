import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { type Connection, connectClient, openClient } from '../database/connection.js';

/** The role of every connection but those of the set-up. */
const ROLE = 'gatehouse_backend';
const ATTRIBUTES = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';

/** What the superuser owns apart from the parts of PostgreSQL itself: in earlier versions it created everything. */
const OWNED_BY_SUPERUSER = `
  WITH superuser AS (SELECT oid FROM pg_roles WHERE rolname = current_user),
       schema AS (SELECT oid, nspname, nspowner FROM pg_namespace
                  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
  SELECT format('SCHEMA %I', nspname) AS object FROM schema, superuser WHERE nspowner = superuser.oid
  UNION ALL
  SELECT format(CASE relkind WHEN 'S' THEN 'SEQUENCE %I.%I' WHEN 'v' THEN 'VIEW %I.%I'
                             WHEN 'm' THEN 'MATERIALIZED VIEW %I.%I' ELSE 'TABLE %I.%I' END, nspname, relname)
  FROM pg_class c JOIN schema ON schema.oid = relnamespace, superuser
  WHERE relowner = superuser.oid AND relkind IN ('r', 'p', 'S', 'v', 'm')
    -- The sequence of a column follows its table.
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
                      AND refclassid = 'pg_class'::regclass AND relkind = 'S')
  UNION ALL
  SELECT format('ROUTINE %s', p.oid::regprocedure)
  FROM pg_proc p JOIN schema ON schema.oid = pronamespace, superuser WHERE proowner = superuser.oid`;

/**
 * Sets up a database for the backend, as the superuser: the database, and a role that owns it and everything in it but may
 * do nothing else on the server. The role gets another password each time, which is stored nowhere.
 * @returns the connection of that role
 */
export async function setUpBackend(superuser: Connection, database: string): Promise<Connection> {
  const password = randomBytes(24).toString('base64url');
  await asSuperuser({ ...superuser, database: 'postgres' }, async (client) => {
    const { rowCount: roles } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [ROLE]);
    await client.query(`${roles === 0 ? 'CREATE' : 'ALTER'} ROLE ${ROLE} ${ATTRIBUTES} PASSWORD '${password}'`);
    const { rows } = await client.query('SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1', [
      database,
    ]);
    if (rows.length === 0) await client.query(`CREATE DATABASE ${database} OWNER ${ROLE}`);
    else if (rows[0].owner !== ROLE) await client.query(`ALTER DATABASE ${database} OWNER TO ${ROLE}`);
  });
  await asSuperuser({ ...superuser, database }, async (client) => {
    const { rows } = await client.query(OWNED_BY_SUPERUSER);
    if (rows.length === 0) return;
    const statements = rows.map(({ object }) => `ALTER ${object} OWNER TO ${ROLE}`);
    await client.query(`BEGIN; ${statements.join('; ')}; COMMIT`);
  });
  return { ...superuser, user: ROLE, password, database };
}

async function asSuperuser(connection: Connection, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = openClient(connection, { application_name: 'gatehouse-set-up' });
  client.on('error', () => {}); // the statement that waits for an answer fails too
  try {
    await connectClient(client);
    await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
