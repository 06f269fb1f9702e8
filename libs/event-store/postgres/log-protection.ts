import type { Pool } from '../../platform/database/database.js';

/**
 * What the user of the connection, or a role that it can become, could do to the log apart from appending. A privilege of a role counts
 * whether or not it is inherited, since SET ROLE would do.
 */
const POWERS = `
  WITH owners AS (
    SELECT nspowner AS oid FROM pg_namespace WHERE nspname = 'log'
    UNION SELECT relowner FROM pg_class WHERE relnamespace = to_regnamespace('log')
    UNION SELECT proowner FROM pg_proc WHERE pronamespace = to_regnamespace('log')
    UNION SELECT datdba FROM pg_database WHERE datname = current_database()
  ), tables AS (
    SELECT unnest(ARRAY['log.events', 'log.streams', 'log.head']) AS name
  ), powers AS (
    SELECT rolname AS role, rolname = current_user AS "isUser", CASE
        WHEN rolsuper THEN 'is a superuser'
        WHEN oid IN (SELECT oid FROM owners) THEN 'owns the log or its database'
        WHEN rolcreaterole AND current_setting('server_version_num')::int < 160000 THEN 'may join every other role'
        WHEN rolname IN ('pg_write_server_files', 'pg_execute_server_program') THEN 'may write files of the database server'
        WHEN has_schema_privilege(oid, 'log', 'CREATE') OR EXISTS (
          SELECT FROM tables
          WHERE has_table_privilege(r.oid, name, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
             OR has_any_column_privilege(r.oid, name, 'INSERT, UPDATE')
        ) THEN 'may write to the tables of the log'
      END AS power
    FROM pg_roles r WHERE pg_has_role(current_user, oid, 'MEMBER')
  )
  SELECT * FROM powers WHERE power IS NOT NULL ORDER BY "isUser" DESC, role LIMIT 1`;

/**
 * Why the user of a connection could change or delete events, in words that complete "since …"; undefined if it can't. A superuser of the
 * server can always.
 */
export async function powerOverLog(pool: Pick<Pool, 'query'>): Promise<string | undefined> {
  const [found] = (await pool.query(POWERS)).rows;
  if (!found) return undefined;
  const { role, isUser, power } = found;
  return isUser ? `its database user ${role} ${power}` : `its database user is a member of ${role}, which ${power}`;
}
