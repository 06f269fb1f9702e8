import pg from 'pg';
import { type ArrayElement, FIXED, writers } from './array-parameters.js';

export type Columns = readonly (readonly [name: string, column: { type: ArrayElement }])[];

/*
 * COPY in PostgreSQL's binary format (the manual's page on COPY): per row half the work of an INSERT from arrays, since
 * the server writes many rows at once.
 */

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const END = -1;
const NULL_LENGTH = -1;
const MAX_BYTES_PER_UNIT = 3;
const FIRST_BYTES_PER_ROW = 160;

/**
 * Inserts rows; sent in order with the client's other statements, without waiting for their answers.
 * @param table qualified
 * @param rows a value for each column; json and jsonb take any JSON value, the other types what an array parameter takes
 */
export function copyRows(
  client: pg.ClientBase,
  table: string,
  columns: Columns,
  rows: readonly Record<string, unknown>[],
): Promise<void> {
  const names = columns.map(([name]) => `"${name}"`);
  const data = copyData(columns, rows);
  return new Promise((resolve, reject) => {
    const query = new pg.Query(`COPY ${table} (${names}) FROM STDIN (FORMAT binary)`, (error) =>
      error ? reject(error) : resolve(),
    );
    const { submit } = query;
    // The data follows the statement at once. pg-copy-streams waits for the server's request first, which pg refuses on a
    // pipelined connection. After an error the server ignores the data.
    Object.assign(query, {
      submit(connection: pg.Connection & CopyConnection) {
        connection.stream.cork();
        try {
          submit.call(query, connection);
          connection.sendCopyFromChunk(data);
          connection.endCopyFrom();
        } finally {
          connection.stream.uncork();
        }
      },
      handleCopyInResponse() {},
    });
    client.query(query);
  });
}

/** Methods of pg's connection that its types lack. */
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

function copyData(columns: Columns, rows: readonly Record<string, unknown>[]): Buffer {
  let bytes = Buffer.allocUnsafe(SIGNATURE.length + 2 + rows.length * FIRST_BYTES_PER_ROW);
  let at = SIGNATURE.copy(bytes);
  const encodings = columns.map(([name, { type }]) => ({ name, type, write: writers[type], fixed: FIXED[type] }));
  const reserve = (size: number) => {
    if (at + size <= bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * bytes.length + size);
    bytes.copy(larger, 0, 0, at);
    bytes = larger;
  };
  for (const row of rows) {
    reserve(2);
    at = bytes.writeInt16BE(columns.length, at);
    for (const { name, type, write, fixed } of encodings) {
      const value = row[name] ?? null;
      if (value === null) {
        reserve(4);
        at = bytes.writeInt32BE(NULL_LENGTH, at);
        continue;
      }
      const written = type === 'json' || type === 'jsonb' ? JSON.stringify(value) : value;
      reserve(4 + (fixed ?? 1 + MAX_BYTES_PER_UNIT * (written as string | Buffer).length));
      const length = write(bytes, written as never, at + 4);
      bytes.writeInt32BE(length, at);
      at += 4 + length;
    }
  }
  reserve(2);
  return bytes.subarray(0, bytes.writeInt16BE(END, at));
}
