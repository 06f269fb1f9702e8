import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { type Connection, connectClient, openClient } from '../database/connection.js';
import { ownedObjects } from '../database/owned-objects.js';
import { USER_ATTRIBUTES } from '../database/service-user.js';

/** The role of every connection but those of the set-up. */
const ROLE = 'gatehouse_backend';

/**
 * Sets up a database for the backend, as the superuser: the database, and a role that owns it and everything in it but may
 * do nothing else on the server. The role gets another password each time, which is stored nowhere.
 * @returns the connection of that role
 */
export async function setUpBackend(superuser: Connection, database: string): Promise<Connection> {
  const password = randomBytes(24).toString('base64url');
  await asSuperuser({ ...superuser, database: 'postgres' }, async (client) => {
    const { rowCount: roles } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [ROLE]);
    await client.query(`${roles === 0 ? 'CREATE' : 'ALTER'} ROLE ${ROLE} ${USER_ATTRIBUTES} PASSWORD '${password}'`);
    const { rows } = await client.query('SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1', [
      database,
    ]);
    if (rows.length === 0) await client.query(`CREATE DATABASE ${database} OWNER ${ROLE}`);
    else if (rows[0].owner !== ROLE) await client.query(`ALTER DATABASE ${database} OWNER TO ${ROLE}`);
  });
  await asSuperuser({ ...superuser, database }, async (client) => {
    // In earlier versions the superuser created everything.
    const { rows } = await client.query('SELECT current_user AS name');
    const objects = (await ownedObjects(client)).filter(({ owner }) => owner === rows[0].name);
    if (objects.length === 0) return;
    const statements = objects.map(({ object }) => `ALTER ${object} OWNER TO ${ROLE}`);
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
