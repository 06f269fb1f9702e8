import type pg from 'pg';

/** A schema, table, sequence, view or routine of a database. */
export interface OwnedObject {
  /** As ALTER names it, `TABLE log.events`. */
  object: string;
  schema: string;
  owner: string;
}

/** Not those of PostgreSQL itself or of extensions. The sequence of a column follows its table. */
const OBJECTS = `
  WITH schema AS (SELECT oid, nspname, nspowner FROM pg_catalog.pg_namespace
                  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
  SELECT object, nspname AS schema, pg_get_userbyid(owner) AS owner FROM (
    SELECT 'pg_namespace'::regclass AS class, oid, nspname, nspowner AS owner, format('SCHEMA %I', nspname) AS object
    FROM schema
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, nspname, relowner,
           format(CASE relkind WHEN 'S' THEN 'SEQUENCE %I.%I' WHEN 'v' THEN 'VIEW %I.%I'
                               WHEN 'm' THEN 'MATERIALIZED VIEW %I.%I' ELSE 'TABLE %I.%I' END, nspname, relname)
    FROM pg_catalog.pg_class c JOIN schema ON schema.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'S', 'v', 'm')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend
                      WHERE objid = c.oid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
                        AND refclassid = 'pg_class'::regclass AND relkind = 'S')
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, nspname, proowner,
           format('ROUTINE %I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid))
    FROM pg_catalog.pg_proc p JOIN schema ON schema.oid = pronamespace
  ) o
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = o.oid AND d.classid = o.class AND d.deptype = 'e')`;

export const ownedObjects = async (client: Pick<pg.ClientBase, 'query'>): Promise<OwnedObject[]> =>
  (await client.query<OwnedObject>(OBJECTS)).rows;
