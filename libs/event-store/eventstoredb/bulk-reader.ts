import { createRequire } from 'node:module';
import { EventStoreDBClient } from '@eventstore/db-client';
import type { Position } from '../../kernel/envelope.js';
import { eventStoreAddress, kurrentAddress } from './client-addresses.js';
import { collect, unlessSilent } from './deadlines.js';
import type { LogRecord } from './log-records.js';

/** A page of the whole log, oldest first. @param from includes the record there; 0 is the beginning */
export type BulkRead = (from: Position, count: number) => Promise<LogRecord[]>;

const place = (from: Position) => (from === 0 ? 'start' : { commit: BigInt(from), prepare: BigInt(from) });

/**
 * The fastest way to read many events: the successor's client decodes in native code, 6 to 9 times as fast with servers
 * that always compress. It is optional; without it the pages come from the client that everything else uses.
 */
export const openBulkRead = (connectionString: string): BulkRead =>
  openNative(connectionString, openPlain(connectionString)) ?? openPlain(connectionString);

function openNative(connectionString: string, plain: BulkRead): BulkRead | undefined {
  const kurrent = loadKurrent();
  if (!kurrent) return undefined;
  const client = kurrent.KurrentDBClient.connectionString(kurrentAddress(connectionString));
  return (from, count) => {
    const page = async (heard: () => void) => {
      const records: LogRecord[] = [];
      const options = { fromPosition: place(from), maxCount: count, requiresLeader: true } as const;
      for await (const record of client.readAll(options)) {
        records.push(record as LogRecord);
        heard();
      }
      return records;
    };
    // Its errors do not distinguish an invalid position from an unreachable server; the other client's do.
    return unlessSilent(page, `a page of ${count} events`).catch(() => plain(from, count));
  };
}

/**
 * Both clients keep their generated messages in one global object under the same names: the one loaded later breaks the
 * appends of the other. This one is therefore loaded with an object of its own. Its native reads need no messages; do not
 * call anything else of it.
 */
function loadKurrent(): typeof import('@kurrent/kurrentdb-client') | undefined {
  const scope = globalThis as { proto?: unknown };
  const messagesOfTheOther = scope.proto;
  scope.proto = {};
  try {
    return createRequire(import.meta.url)('@kurrent/kurrentdb-client');
  } catch {
    return undefined; // not installed, or not available for this platform
  } finally {
    scope.proto = messagesOfTheOther;
  }
}

/** The same through @eventstore/db-client. */
export function openPlain(connectionString: string): BulkRead {
  const client = EventStoreDBClient.connectionString(eventStoreAddress(connectionString));
  return (from, count) =>
    collect(
      client.readAll({ fromPosition: place(from), maxCount: count, requiresLeader: true }),
      `a page of ${count} events`,
    );
}
