import type { QueryRunner } from 'typeorm';
import type { OwnersMigration } from '../../platform/database/migrate.js';

export const LOG_SCHEMA = 'log';

/** @param now the time when the events of a call are stored */
export const appendFunction = (now: string): string => `
      CREATE OR REPLACE FUNCTION log.append(
        w_stream text[], w_expected bigint[], w_count int[],
        e_write int[], e_id uuid[], e_type text[], e_data json[], e_metadata json[],
        OUT actual bigint[], OUT base bigint[], OUT recorded_at timestamptz
      ) LANGUAGE plpgsql AS $$
      -- expected: -1 no stream, -2 any. actual: each stream's revision before the call. base: the position before each
      -- write's first event, NULL if the expected revision was wrong and the write was skipped.
      DECLARE
        head bigint;
        next bigint;
        ids bigint[];
        before int[];
        counted int := 0;
        fresh int[] := '{}';
        known int[] := '{}';
      BEGIN
        SELECT position INTO head FROM log.head FOR UPDATE;
        recorded_at := ${now};
        next := head;
        SELECT array_agg(s.id ORDER BY w.ord), array_agg(coalesce(s.revision, -1) ORDER BY w.ord)
          INTO ids, actual
          FROM unnest(w_stream) WITH ORDINALITY w(name, ord) LEFT JOIN log.streams s ON s.name = w.name;
        FOR i IN 1..cardinality(w_stream) LOOP
          before[i] := counted;
          counted := counted + w_count[i];
          IF w_expected[i] = -2 OR w_expected[i] = actual[i] THEN
            base[i] := next;
            next := next + w_count[i];
            IF ids[i] IS NULL THEN
              ids[i] := nextval('log.stream_ids');
              fresh := fresh || i;
            ELSE
              known := known || i;
            END IF;
          ELSE
            base[i] := NULL;
          END IF;
        END LOOP;
        IF next = head THEN RETURN; END IF;

        INSERT INTO log.events (position, stream_id, revision, id, type, recorded_at, data, metadata)
          SELECT base[e.write] + e.ord - before[e.write], ids[e.write], actual[e.write] + e.ord - before[e.write],
                 e.id, e.type, append.recorded_at, e.data, e.metadata
          FROM unnest(e_write, e_id, e_type, e_data, e_metadata)
               WITH ORDINALITY e(write, id, type, data, metadata, ord)
          WHERE base[e.write] IS NOT NULL;
        IF cardinality(fresh) > 0 THEN
          INSERT INTO log.streams (id, name, revision)
            SELECT ids[i], w_stream[i], w_count[i] - 1 FROM unnest(fresh) i;
        END IF;
        IF cardinality(known) > 0 THEN
          UPDATE log.streams s SET revision = actual[i] + w_count[i] FROM unnest(known) i WHERE s.id = ids[i];
        END IF;
        UPDATE log.head SET position = next;
        PERFORM pg_notify('gatehouse_log', next::text);
      END $$;
    `;

/**
 * The log. Every append locks the head's row until it commits, so positions are assigned in commit order: they have no
 * gaps, and a reader that sees position n sees everything before it. (A sequence would number events before they commit,
 * and readers could skip late ones.)
 */
export class CreateEventLog1700000000001 implements OwnersMigration {
  name = 'CreateEventLog1700000000001';
  readonly ownersSchema = LOG_SCHEMA;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA log;

      CREATE TABLE log.head (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        position bigint NOT NULL
      ) WITH (fillfactor = 10);
      INSERT INTO log.head (position) VALUES (0);

      CREATE SEQUENCE log.stream_ids;
      CREATE TABLE log.streams (
        id bigint PRIMARY KEY,
        name text NOT NULL CONSTRAINT streams_name UNIQUE,
        revision bigint NOT NULL
      ) WITH (fillfactor = 70);

      CREATE TABLE log.events (
        position bigint CONSTRAINT events_position PRIMARY KEY,
        stream_id bigint NOT NULL,
        revision bigint NOT NULL,
        id uuid NOT NULL CONSTRAINT events_id UNIQUE,
        type text NOT NULL,
        recorded_at timestamptz NOT NULL,
        data json NOT NULL,
        metadata json NOT NULL,
        CONSTRAINT events_place UNIQUE (stream_id, revision)
      );
    `);
    await runner.query(appendFunction('clock_timestamp()'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA log CASCADE');
  }
}

/** The name of the history that positions belong to, and the database server that it was given on. */
export class CreateLogEpoch1700000000080 implements OwnersMigration {
  name = 'CreateLogEpoch1700000000080';
  readonly ownersSchema = LOG_SCHEMA;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE log.epoch (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        name text NOT NULL,
        server text NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE log.epoch');
  }
}

/** Events are stored with milliseconds, as every reader sees them: what nobody sees could be changed without a trace. */
export class StoreMilliseconds1700000000200 implements OwnersMigration {
  name = 'StoreMilliseconds1700000000200';
  readonly ownersSchema = LOG_SCHEMA;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(appendFunction("date_trunc('milliseconds', clock_timestamp())"));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(appendFunction('clock_timestamp()'));
  }
}

const APPEND = 'log.append(text[], bigint[], int[], int[], uuid[], text[], json[], json[])';

/** Without a search_path of its own it would resolve names as the caller likes. */
export const appendAsOwner = `ALTER FUNCTION ${APPEND} SECURITY DEFINER SET search_path TO pg_catalog, pg_temp`;

/** Appends with the rights of the owner of the log, who need not be the caller: the caller may then do nothing else to it. */
export class AppendAsOwner1700000000208 implements OwnersMigration {
  name = 'AppendAsOwner1700000000208';
  readonly ownersSchema = LOG_SCHEMA;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(appendAsOwner);
    await runner.query(`REVOKE ALL ON FUNCTION ${APPEND} FROM PUBLIC`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER FUNCTION ${APPEND} SECURITY INVOKER RESET search_path;
      GRANT EXECUTE ON FUNCTION ${APPEND} TO PUBLIC;
    `);
  }
}
