import { createReadStream } from 'node:fs';
import { access, type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { InvalidInput } from '../kernel/errors.js';
import { isSame, LogDigest, type LogSummary, lineOf } from './log-digest.js';

const compressed = promisify(gzip);

const FORMAT = 'gatehouse-log/1';
/** It holds account ids in the clear. */
const OWNER_ONLY = 0o600;

/** An event as its line has it: what a log adds by itself is missing. */
export type LoggedEvent = Omit<RecordedEvent, 'position'>;

interface Progress {
  /** Length of the file's part that is whole. */
  bytes: number;
  /** Position to read the log on after. */
  next: Position;
}

/**
 * A log in a file: gzip, a line of JSON each for the format, every event and, as the seal, the summary. Each page is a
 * gzip member of its own, so that what a crash cut short can be taken away and written again.
 */
export class LogFileWriter {
  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly digest: LogDigest,
    private progress: Progress,
  ) {}

  /** Goes on where an export to this file stopped. @throws InvalidInput when the file is there and whole */
  static async open(path: string): Promise<LogFileWriter> {
    if (await exists(path)) throw new InvalidInput([{ field: 'file', message: `${path} is there already` }]);
    const begun = await readFile(progressOf(path), 'utf8').catch(() => undefined);
    if (begun && (await exists(partOf(path)))) {
      const progress: Progress = JSON.parse(begun);
      const file = await open(partOf(path), 'r+');
      await file.truncate(progress.bytes);
      const digest = new LogDigest();
      for await (const { text, event } of linesOf(partOf(path))) if (event) addTo(digest, text, event, partOf(path));
      return new LogFileWriter(path, file, digest, progress);
    }
    const file = await open(partOf(path), 'w', OWNER_ONLY);
    const writer = new LogFileWriter(path, file, new LogDigest(), { bytes: 0, next: 0 });
    await writer.write(`${JSON.stringify({ format: FORMAT })}\n`, 0);
    return writer;
  }

  get next(): Position {
    return this.progress.next;
  }

  /** A page of the log, on disk when it resolves. */
  async append(events: readonly RecordedEvent[], next: Position): Promise<void> {
    const lines = events.map((event) => {
      const line = lineOf(event);
      this.digest.add(line, event);
      return `${line}\n`;
    });
    await this.write(lines.join(''), next);
  }

  async finish(): Promise<LogSummary> {
    const summary = this.digest.summary();
    await this.write(`${JSON.stringify({ summary })}\n`, this.next);
    await this.file.close();
    await rename(partOf(this.path), this.path);
    await rm(progressOf(this.path), { force: true });
    return summary;
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private async write(text: string, next: Position): Promise<void> {
    const bytes = text === '' ? Buffer.alloc(0) : await compressed(text);
    await this.file.write(bytes, 0, bytes.length, this.progress.bytes);
    await this.file.datasync();
    this.progress = { bytes: this.progress.bytes + bytes.length, next };
    const draft = `${progressOf(this.path)}.new`;
    await writeFile(draft, JSON.stringify(this.progress), { flush: true });
    await rename(draft, progressOf(this.path));
  }
}

const partOf = (path: string) => `${path}.part`;
const progressOf = (path: string) => `${path}.progress`;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The events of a whole file with their lines. */
export async function* eventsOf(path: string): AsyncGenerator<{ text: string; event: LoggedEvent }> {
  for await (const { text, event } of linesOf(path)) if (event) yield { text, event };
}

/** Reads the file through. @throws InvalidInput when it is not whole, or not what was written */
export async function checkLogFile(path: string): Promise<LogDigest> {
  const digest = new LogDigest();
  let sealed: LogSummary | undefined;
  for await (const { text, event, summary } of linesOf(path)) {
    if (sealed) throw notWhole(path, 'goes on behind its end');
    if (event) addTo(digest, text, event, path);
    sealed = summary;
  }
  if (!sealed) throw notWhole(path, 'has no end: let the export finish');
  const found = digest.summary();
  if (!isSame(found, sealed))
    throw notWhole(
      path,
      `holds ${found.events} events of digest ${found.sha256}, not what was exported: copy it again`,
    );
  return digest;
}

/** What gzip's checksum would tell of a damaged part comes only behind it: its lines may say anything. */
function addTo(digest: LogDigest, text: string, event: LoggedEvent, path: string): void {
  try {
    digest.add(text, event);
  } catch (error) {
    throw notWhole(path, `is damaged (${(error as Error).message}): remove it and export or copy it again`);
  }
}

interface Line {
  text: string;
  event?: LoggedEvent;
  summary?: LogSummary;
}

async function* linesOf(path: string): AsyncGenerator<Line> {
  let format: unknown;
  for await (const text of textLines(path)) {
    const value = parsed(path, text);
    if (format === undefined) {
      format = value.format;
      if (format !== FORMAT) throw notWhole(path, `is of the format ${format}, not ${FORMAT}`);
    } else yield value.summary ? { text, summary: value.summary } : { text, event: value };
  }
  if (format === undefined) throw notWhole(path, 'is empty');
}

function parsed(path: string, text: string) {
  let value: { format?: unknown; summary?: LogSummary } & LoggedEvent;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notWhole(path, `has a line that is not JSON (${(error as Error).message})`);
  }
  if (typeof value !== 'object' || value === null) throw notWhole(path, 'has a line that is not an object of JSON');
  return value;
}

async function* textLines(path: string): AsyncGenerator<string> {
  const text = createGunzip();
  text.setEncoding('utf8');
  pipeline(createReadStream(path), text, () => {}); // an error of either ends the loop below
  let rest = '';
  try {
    for await (const chunk of text) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } catch (error) {
    throw notWhole(path, `can't be read (${(error as Error).message})`);
  }
  if (rest !== '') throw notWhole(path, 'ends in the middle of a line');
}

const notWhole = (path: string, what: string) => new InvalidInput([{ field: 'file', message: `${path} ${what}` }]);
