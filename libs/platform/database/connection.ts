import pg from 'pg';
import { ScramClient } from './scram-client.js';

/** Address and credentials of a PostgreSQL server, as node-postgres accepts them. */
export interface Connection extends pg.PoolConfig {
  /** Refuses a server that does not prove by SCRAM that it knows the password. */
  scramOnly?: boolean;
}

/** Connections for plain SQL, as views and adapters use them. */
export type Pool = pg.Pool;

/** A server, a database or a role may have other defaults, with which the same statements would mean something else. */
const SESSION = `
  SET datestyle TO 'ISO, MDY';
  SET intervalstyle TO 'postgres';
  SET timezone TO 'UTC';
  SET search_path TO "$user", public;
  SET bytea_output TO 'hex';
  SET extra_float_digits TO 1;
  SET standard_conforming_strings TO on;
  SET default_transaction_isolation TO 'read committed'`;

/**
 * Opens a pool whose sessions all have the same parameters. They are set by statements and not by the start of the session,
 * since poolers refuse there what they don't know.
 */
export function openPool({ scramOnly, ...connection }: Connection, options: pg.PoolConfig): Pool {
  const { statement_timeout, ...others } = options;
  return new pg.Pool({
    ...others,
    ...connection,
    ...(scramOnly && { Client: ScramClient }),
    onConnect: (client) => setUp(client, statement_timeout),
  });
}

/** Opens a single connection of the same kind; `connect` it with connectClient. */
export function openClient({ scramOnly, ...connection }: Connection, options: pg.ClientConfig): pg.Client {
  return new (scramOnly ? ScramClient : pg.Client)({ ...connection, ...options });
}

export async function connectClient(client: pg.Client): Promise<pg.Client> {
  await client.connect();
  await setUp(client, undefined);
  return client;
}

async function setUp(client: pg.ClientBase, statementTimeoutMs: number | false | undefined): Promise<void> {
  await client.query(statementTimeoutMs ? `${SESSION}; SET statement_timeout TO ${statementTimeoutMs}` : SESSION);
}
