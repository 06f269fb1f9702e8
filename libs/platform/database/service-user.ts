import pg from 'pg';
import { StartFailure } from '../start-failure.js';
import { type OwnedObject, ownedObjects } from './owned-objects.js';
import { scramVerifier } from './scram-verifier.js';

type Client = Pick<pg.ClientBase, 'query'>;

/** The database user of the running service. */
export interface ServiceUser {
  user: string;
  password: string | undefined;
}

/** What a user of ours may do on a server: nothing but log in. */
export const USER_ATTRIBUTES = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';

interface Facts {
  owner: string;
  database: string;
  databaseOwner: string;
  /** Of the schema, if there is one. */
  formerOwner: string | null;
}

const FACTS = `
  SELECT current_user AS owner, datname AS database, pg_get_userbyid(datdba) AS "databaseOwner",
         (SELECT pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace WHERE nspname = $1) AS "formerOwner"
  FROM pg_catalog.pg_database WHERE datname = current_database()`;

const quoted = pg.escapeIdentifier;

/**
 * Separates the service's user from the one of this connection: creates it if it is missing, gives it everything in the database
 * but one schema, and takes that schema, with what is in it, for the user of this connection. Runs in the caller's transaction.
 * @throws StartFailure `same-user`
 */
export async function separateServiceUser(client: Client, service: ServiceUser, schema: string): Promise<void> {
  const { rows } = await client.query<Facts>(FACTS, [schema]);
  const { owner, database, databaseOwner, formerOwner } = rows[0]!;
  const { user } = service;
  if (user === owner) {
    throw new StartFailure(
      'same-user',
      `GATEHOUSE_MIGRATION_DATABASE_URL and GATEHOUSE_DATABASE_URL both name the user ${user}, who would own the log: name two users`,
    );
  }
  await createUser(client, service);
  // First: a right that was granted to an owner goes to the next one with the database.
  if (databaseOwner === user) await client.query(`ALTER DATABASE ${quoted(database)} OWNER TO ${quoted(owner)}`);
  await client.query(`GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${quoted(database)} TO ${quoted(user)}`);
  await client.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${quoted(user)}`);
  const isOurs = (one: OwnedObject) => one.owner === owner || one.owner === formerOwner || one.owner === user;
  // A schema first: what is in it can only go to somebody who may create there.
  const objects = (await ownedObjects(client)).filter(isOurs).sort((a, b) => rank(a) - rank(b));
  for (const one of objects) {
    const next = one.schema === schema ? owner : user;
    if (one.owner !== next && one.object !== 'SCHEMA public')
      await client.query(`ALTER ${one.object} OWNER TO ${quoted(next)}`);
  }
}

const rank = ({ object }: OwnedObject): number => (object.startsWith('SCHEMA ') ? 0 : 1);

async function createUser(client: Client, { user, password }: ServiceUser): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [user]);
  if (rowCount === 0) {
    const secret = password === undefined ? '' : ` PASSWORD '${scramVerifier(password)}'`;
    await client.query(`CREATE ROLE ${quoted(user)} ${USER_ATTRIBUTES}${secret}`);
  }
  // Only a member of a role, or a superuser, can hand something over to it.
  const { rows } = await client.query(`SELECT pg_has_role(current_user, $1, 'USAGE') AS may`, [user]);
  if (!rows[0].may) await client.query(`GRANT ${quoted(user)} TO CURRENT_USER`);
}
