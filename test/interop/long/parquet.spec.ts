import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openPart } from '../../../libs/exports/cli/part-file.js';
import type { Column, Row } from '../../../libs/exports/queries/dataset.js';
import { describeWithPrograms, INSTALL_MS, pythonPrograms } from './tools.js';

const run = promisify(execFile);
const COLUMNS: readonly Column[] = (['text', 'integer', 'number', 'flag', 'time', 'json'] as const).map((type) => ({
  ...{ name: type, type, meaning: 'A value.' },
}));
/** More than fit into one group of rows. */
const ROWS = 25_000;
const rowOf = (n: number): Row => ({
  text: n === 1 ? '' : `row ${n}, “ä” \u{1f5bc}`,
  integer: n === 2 ? Number.MAX_SAFE_INTEGER : n,
  number: n / 8,
  flag: n % 2 === 0,
  time: new Date(Date.parse('2022-05-18T09:00:00.001Z') + n).toISOString(),
  json: { n, list: [null, 'a'] },
});
const NOTHING: Row = Object.fromEntries(COLUMNS.map(({ name }) => [name, null]));

/** Prints all rows as JSON, each value as the text that DuckDB makes of it. */
const READ = `
import duckdb, json, sys
duckdb.sql("SET TimeZone = 'UTC'")
rows = duckdb.sql(f"SELECT text, integer, number, flag, epoch_ms(time) AS time, json FROM '{sys.argv[1]}'").fetchall()
json.dump(rows, sys.stdout)
`;

describeWithPrograms('DuckDB, which reads Parquet', ['python3'], () => {
  let directory: string;
  let programs: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-parquet-'));
    programs = await pythonPrograms('duckdb==1.4.2');
  }, INSTALL_MS);
  afterAll(() => rm(directory, { recursive: true }));

  it('reads every value of an exported file as it was written', async () => {
    const path = join(directory, 'rows.parquet');
    const rows = [...Array.from({ length: ROWS }, (_, n) => rowOf(n)), NOTHING];
    const part = await openPart('parquet', path, COLUMNS);
    for (let from = 0; from < rows.length; from += 2_000) await part.add(rows.slice(from, from + 2_000));
    await part.finish();
    const { stdout } = await run(join(programs, 'python'), ['-c', READ, path], { maxBuffer: 64 * 1024 * 1024 });
    const read: unknown[][] = JSON.parse(stdout);
    const found = read.map(([text, integer, number, flag, time, json]) => ({
      ...{ text, integer, number, flag },
      time: time === null ? null : new Date(time as number).toISOString(),
      json: json === null ? null : JSON.parse(json as string),
    }));
    expect(found).toEqual(rows);
  });
});
