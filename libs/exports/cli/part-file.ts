import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { csvLine } from '../../cli/rendering/csv.js';
import { newFile } from '../../platform/new-file.js';
import type { Column, Row } from '../queries/dataset.js';

export const FORMATS = ['ndjson', 'csv', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** A file that rows are added to. */
export interface PartFile {
  add(rows: readonly Row[]): Promise<void>;
  /** Puts what is left on disk. */
  finish(): Promise<void>;
  /** Closes the file without finishing it; does nothing after `finish`. */
  abandon(): Promise<void>;
}

export function openPart(format: Format, path: string, columns: readonly Column[]): Promise<PartFile> {
  if (format === 'parquet') return openParquet(path, columns);
  return format === 'csv'
    ? TextPart.open(path, csvText(columns), csvLine(columns.map(({ name }) => name)))
    : TextPart.open(path, ndjsonText, '');
}

class TextPart implements PartFile {
  private isOpen = true;

  private constructor(
    private readonly file: FileHandle,
    private readonly textOf: (row: Row) => string,
  ) {}

  static async open(path: string, textOf: (row: Row) => string, head: string): Promise<TextPart> {
    const file = await newFile(path, 0o600);
    await file.appendFile(head);
    return new TextPart(file, textOf);
  }

  async add(rows: readonly Row[]): Promise<void> {
    // All of it: a single write to a disk that gets full may end early without an error.
    await this.file.appendFile(rows.map(this.textOf).join(''));
  }

  async finish(): Promise<void> {
    await this.file.sync();
    await this.abandon();
  }

  async abandon(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.file.close();
  }
}

const ndjsonText = (row: Row): string => `${JSON.stringify(row)}\n`;

/** RFC 4180, UTF-8, with the cells of `csvCell`; JSON is written as its text. */
const csvText =
  (columns: readonly Column[]) =>
  (row: Row): string =>
    csvLine(
      columns.map(({ name, type }) => (type === 'json' && row[name] !== null ? JSON.stringify(row[name]) : row[name])),
    );

/** Rows of one group are in memory together. */
const GROUP_ROWS = 10_000;
const PARQUET_TYPES = {
  text: 'STRING',
  integer: 'INT64',
  number: 'DOUBLE',
  flag: 'BOOLEAN',
  time: 'TIMESTAMP',
  json: 'JSON',
} as const satisfies Record<Column['type'], string>;

async function openParquet(path: string, columns: readonly Column[]): Promise<PartFile> {
  // Other commands need not load it.
  const { ParquetWriter, fileWriter, schemaFromColumnData } = await import('hyparquet-writer');
  // It is made with the rights of an export before the writer fills it.
  await (await newFile(path, 0o600)).close();
  const typed = columns.map(({ name, type }) => ({ name, type: PARQUET_TYPES[type], nullable: true, data: [] }));
  const writer = new ParquetWriter({ writer: fileWriter(path), schema: schemaFromColumnData({ columnData: typed }) });
  let group: Row[] = [];
  const write = async () => {
    if (group.length === 0) return;
    const columnData = columns.map(({ name, type }, n) => ({
      ...typed[n]!,
      data: group.map((row) => parquetValue(type, row[name])),
    }));
    group = [];
    await writer.write({ columnData });
  };
  return {
    async add(rows) {
      group.push(...rows);
      if (group.length >= GROUP_ROWS) await write();
    },
    async finish() {
      await write();
      await writer.finish();
      const file = await open(path, 'r+');
      await file.sync().finally(() => file.close());
    },
    async abandon() {},
  };
}

function parquetValue(type: Column['type'], value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (type === 'integer') return BigInt(value as number);
  return type === 'time' ? new Date(value as string) : value;
}

/** SHA-256 of a file, in hexadecimal, and its size in bytes. */
export async function digestOf(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}
