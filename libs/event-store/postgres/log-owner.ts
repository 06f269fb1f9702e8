import pg from 'pg';
import { LOG_SCHEMA } from './schema.js';

type Client = Pick<pg.ClientBase, 'query'>;

/** Gives a user of the database what the service needs of the log and nothing else: it reads, appends, and names epochs. */
export async function grantLog(client: Client, user: string): Promise<void> {
  const { rows } = await client.query(
    `SELECT to_regnamespace($1) IS NOT NULL AS log, to_regclass('log.epoch') IS NOT NULL AS epoch,
            to_regprocedure('log.present_time()') IS NOT NULL AS clock`,
    [LOG_SCHEMA],
  );
  const [{ log, epoch, clock }] = rows;
  if (!log) return;
  const name = pg.escapeIdentifier(user);
  for (const kind of ['TABLES', 'SEQUENCES', 'ROUTINES'])
    await client.query(`REVOKE ALL ON ALL ${kind} IN SCHEMA log FROM PUBLIC, ${name}`);
  await client.query(`REVOKE ALL ON SCHEMA log FROM PUBLIC, ${name}`);
  await client.query(`GRANT USAGE ON SCHEMA log TO ${name}`);
  // The sequence too: a backup reads it.
  for (const kind of ['TABLES', 'SEQUENCES'])
    await client.query(`GRANT SELECT ON ALL ${kind} IN SCHEMA log TO ${name}`);
  if (epoch) await client.query(`GRANT INSERT, UPDATE ON log.epoch TO ${name}`);
  await client.query(`GRANT EXECUTE ON ROUTINE log.append TO ${name}`);
  if (clock) await client.query(`GRANT EXECUTE ON ROUTINE log.present_time TO ${name}`);
}
