import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, lstat, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { InvalidInput } from '../kernel/errors.js';
import { newFile, ownFile } from '../platform/new-file.js';
import { isSame, LogDigest, type LogSummary, lineOf } from './log-digest.js';

const compressed = promisify(gzip);

const FORMAT = 'gatehouse-log/1';
/** The file contains account ids in clear text. */
const OWNER_ONLY = 0o600;

/** An event of the file: without its position, which every log assigns itself. */
export type LoggedEvent = Omit<RecordedEvent, 'position'>;

interface Progress {
  /** Bytes of the file that are complete. */
  bytes: number;
  /** Position after which to read on. */
  next: Position;
}

/**
 * Writes a log to a gzip file with one line of JSON for the format, for each event and, at the end, for the summary. Each
 * page is a gzip member of its own: after a crash, an incomplete one is cut off and written again.
 */
export class LogFileWriter {
  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly digest: LogDigest,
    private progress: Progress,
  ) {}

  /**
   * Resumes an interrupted export to this file.
   * @param onAnew called with the draft that is missing or not ours, if one was interrupted and can't be resumed
   * @throws InvalidInput if the file exists and is complete
   */
  static async open(path: string, onAnew: (draft: string) => void = () => {}): Promise<LogFileWriter> {
    if (existsSync(path))
      throw new InvalidInput([{ field: 'file', message: `${path} exists already: choose another name, or remove it` }]);
    const progress = await progressAt(progressOf(path));
    const file = progress && (await ownFile(partOf(path)));
    if (file) {
      await file.truncate(progress.bytes);
      const digest = new LogDigest();
      for await (const { text, event } of linesOf(partOf(path))) if (event) addTo(digest, text, event, partOf(path));
      return new LogFileWriter(path, file, digest, progress);
    }
    const unusable = progress ? partOf(path) : progressOf(path);
    if (progress || (await isThere(unusable))) onAnew(unusable);
    const created = await newFile(partOf(path), OWNER_ONLY);
    const writer = new LogFileWriter(path, created, new LogDigest(), { bytes: 0, next: 0 });
    await writer.write(`${JSON.stringify({ format: FORMAT })}\n`, 0);
    return writer;
  }

  get next(): Position {
    return this.progress.next;
  }

  /** Appends a page of the log; resolves once it is on disk. */
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
    const file = await newFile(draft, OWNER_ONLY);
    try {
      await file.writeFile(JSON.stringify(this.progress));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, progressOf(this.path));
  }
}

/** Whatever is there, also a link to nothing. */
const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** Undefined without one that this user's export wrote. */
async function progressAt(path: string): Promise<Progress | undefined> {
  const file = await ownFile(path);
  if (!file) return undefined;
  try {
    return JSON.parse(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

const partOf = (path: string) => `${path}.part`;
const progressOf = (path: string) => `${path}.progress`;

/** The events of a complete file, each with its line. */
export async function* eventsOf(path: string): AsyncGenerator<{ text: string; event: LoggedEvent }> {
  for await (const { text, event } of linesOf(path)) if (event) yield { text, event };
}

/** Reads the whole file. @throws InvalidInput if it is incomplete or damaged */
export async function checkLogFile(path: string): Promise<LogDigest> {
  const digest = new LogDigest();
  let summaryOfFile: LogSummary | undefined;
  for await (const { text, event, summary } of linesOf(path)) {
    if (summaryOfFile) throw invalidFile(path, 'has lines after its summary: export it again');
    if (event) addTo(digest, text, event, path);
    summaryOfFile = summary;
  }
  if (!summaryOfFile) throw invalidFile(path, 'has no summary: let the export finish');
  const found = digest.summary();
  if (!isSame(found, summaryOfFile))
    throw invalidFile(
      path,
      `holds ${found.events} events of digest ${found.sha256}, not what was exported: copy it again`,
    );
  return digest;
}

/** gzip verifies its checksum only at the end of a member, so a damaged line may reach us before that. */
function addTo(digest: LogDigest, text: string, event: LoggedEvent, path: string): void {
  try {
    digest.add(text, event);
  } catch (error) {
    throw invalidFile(path, `is damaged (${(error as Error).message}): remove it and export or copy it again`);
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
      if (format !== FORMAT)
        throw invalidFile(path, `has the format ${format}, not ${FORMAT}: use the release that exported it`);
    } else yield value.summary ? { text, summary: value.summary } : { text, event: value };
  }
  if (format === undefined) throw invalidFile(path, 'is empty: export it again');
}

function parsed(path: string, text: string) {
  let value: { format?: unknown; summary?: LogSummary } & LoggedEvent;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidFile(path, `has a line that is not JSON (${(error as Error).message})`);
  }
  if (typeof value !== 'object' || value === null) throw invalidFile(path, 'has a line that is not an object of JSON');
  return value;
}

async function* textLines(path: string): AsyncGenerator<string> {
  const text = createGunzip();
  text.setEncoding('utf8');
  pipeline(createReadStream(path), text, () => {}); // an error of either stream ends the loop below
  let rest = '';
  try {
    for await (const chunk of text) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } catch (error) {
    throw invalidFile(path, `can't be read (${(error as Error).message})`);
  }
  if (rest !== '') throw invalidFile(path, 'ends in the middle of a line: copy it again');
}

const invalidFile = (path: string, what: string) => new InvalidInput([{ field: 'file', message: `${path} ${what}` }]);
