import type { QueryRunner } from 'typeorm';
import type { OwnersMigration } from '../../platform/database/migrate.js';
import { appendAsOwner, appendFunction, LOG_SCHEMA } from './schema.js';

/** The setting of a session that reads the virtual clock, and its value. */
export const CLOCK_SETTING = 'gatehouse.clock';
export const VIRTUAL = 'virtual';

const NO_VIRTUAL_CLOCK =
  'this database has no virtual clock: only a new one gets one, so leave out the setting gatehouse.clock';

/**
 * Time for events. A session that sets `gatehouse.clock` to `virtual` reads the virtual clock, which only a database has that was
 * marked as a simulation while its log was empty; all others read the clock of the server.
 */
export class VirtualClock1700000000260 implements OwnersMigration {
  name = 'VirtualClock1700000000260';
  readonly ownersSchema = LOG_SCHEMA;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE log.simulation (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        present timestamptz NOT NULL
      );

      CREATE FUNCTION log.present_time() RETURNS timestamptz LANGUAGE plpgsql
        SECURITY DEFINER SET search_path TO pg_catalog, pg_temp AS $$
      DECLARE
        wanted text := current_setting('${CLOCK_SETTING}', true);
        found timestamptz;
      BEGIN
        IF wanted IS NULL OR wanted = '' THEN RETURN clock_timestamp(); END IF;
        SELECT present INTO found FROM log.simulation;
        IF found IS NULL OR wanted <> '${VIRTUAL}' THEN RAISE EXCEPTION '${NO_VIRTUAL_CLOCK}'; END IF;
        RETURN found;
      END $$;

      CREATE FUNCTION log.begin_simulation(at timestamptz) RETURNS void LANGUAGE plpgsql
        SET search_path TO pg_catalog, pg_temp AS $$
      BEGIN
        IF (SELECT position FROM log.head FOR UPDATE) > 0 THEN
          RAISE EXCEPTION 'the log has events already: a simulation begins with an empty one, so give it a new database';
        END IF;
        INSERT INTO log.simulation (present) VALUES (at);
      END $$;

      CREATE FUNCTION log.move_virtual_clock(at timestamptz) RETURNS void LANGUAGE plpgsql
        SET search_path TO pg_catalog, pg_temp AS $$
      BEGIN
        UPDATE log.simulation SET present = at WHERE present <= at;
        IF NOT FOUND THEN
          RAISE EXCEPTION 'the virtual clock can''t be set to %: it only moves forwards, and only in a simulation', at;
        END IF;
      END $$;

      REVOKE ALL ON FUNCTION log.present_time() FROM PUBLIC;
      REVOKE ALL ON FUNCTION log.begin_simulation(timestamptz) FROM PUBLIC;
      REVOKE ALL ON FUNCTION log.move_virtual_clock(timestamptz) FROM PUBLIC;
    `);
    await runner.query(appendFunction("date_trunc('milliseconds', log.present_time())"));
    // Replacing a function resets these.
    await runner.query(appendAsOwner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(appendFunction("date_trunc('milliseconds', clock_timestamp())"));
    await runner.query(appendAsOwner);
    await runner.query(`
      DROP FUNCTION log.move_virtual_clock(timestamptz), log.begin_simulation(timestamptz), log.present_time();
      DROP TABLE log.simulation;
    `);
  }
}
