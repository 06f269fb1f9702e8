import type { Socket } from 'node:net';
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

/** Default limit of connecting, and of the statements that set up a session. */
const ANSWER_MS = 10_000;

/**
 * Opens a pool whose sessions all have the same parameters. They are set by statements and not by the start of the session,
 * since poolers refuse there what they don't know.
 */
export function openPool({ scramOnly, ...connection }: Connection, options: pg.PoolConfig): Pool {
  const { statement_timeout, ...others } = options;
  const { connectionTimeoutMillis = ANSWER_MS } = others;
  return new pg.Pool({
    ...others,
    connectionTimeoutMillis,
    ...connection,
    ...(scramOnly && { Client: ScramClient }),
    // The pool's limit of connecting ends before.
    onConnect: (client) => setUp(client, connectionTimeoutMillis, statement_timeout),
  });
}

/** Opens a single connection of the same kind; `connect` it with connectClient. */
export function openClient({ scramOnly, ...connection }: Connection, options: pg.ClientConfig): pg.Client {
  const config = { connectionTimeoutMillis: ANSWER_MS, ...connection, ...options };
  return new (scramOnly ? ScramClient : pg.Client)(config);
}

/** Ends the client if it can't be connected and set up. */
export async function connectClient(client: pg.Client): Promise<pg.Client> {
  try {
    await client.connect();
    await setUp(client, ANSWER_MS);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

async function setUp(
  client: pg.ClientBase,
  limitMs: number,
  statementTimeoutMs: number | false | undefined = false,
): Promise<void> {
  const text = statementTimeoutMs ? `${SESSION}; SET statement_timeout TO ${statementTimeoutMs}` : SESSION;
  try {
    await client.query({ text, query_timeout: limitMs } as pg.QueryConfig);
  } catch (error) {
    // Its end would wait for the answer.
    (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
    throw error;
  }
}
