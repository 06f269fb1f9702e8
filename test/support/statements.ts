import pg from 'pg';
import { APPEND, PLACES, READ_STREAMS, READ_TAIL } from '../../libs/event-store/postgres/statements.js';

type Query = (this: pg.Client, ...parameters: unknown[]) => unknown;

/**
 * The names of the statements that this process sends to read streams of the log and to append to it while some work goes on.
 * Others are left out: who waits for the head of the log asks at any time.
 */
export async function logStatementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  const sent: string[] = [];
  prototype.query = function (...parameters) {
    const [asked] = parameters as [{ name?: string } | string];
    const name = typeof asked === 'string' ? undefined : asked?.name;
    if (name !== undefined && COUNTED.has(name)) sent.push(name);
    return query.apply(this, parameters);
  };
  try {
    await work();
  } finally {
    prototype.query = query;
  }
  return sent;
}

const COUNTED = new Set([APPEND, PLACES, READ_STREAMS, READ_TAIL].map(({ name }) => name));
