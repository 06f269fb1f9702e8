import { GatehouseError, InvalidInput } from '../../kernel/errors.js';
import { type Checkpoint, parseCheckpoint } from '../tlog/checkpoint.js';
import { HASH_BYTES, leafHash } from '../tlog/merkle-tree.js';
import { type NoteKey, openNote, UntrustedNote } from '../tlog/signed-note.js';
import { decodeBundle, encodeBundle, TILE_WIDTH, type TilePlace, tilePath } from '../tlog/tiles.js';
import { edgeNumber, edgeWidth, type Leaf, TreeEdge } from '../tlog/tree-edge.js';
import type { PublishedFiles } from './published-files.js';

const CHECKPOINT = 'checkpoint';
/** Bundles that are fetched at once. */
const AT_ONCE = 8;

/** The public endpoints of a log. */
export interface PublicLog {
  checkpoint(): Promise<string>;
  /** @param path as `tilePath` has it */
  tile(path: string): Promise<Buffer>;
}

export interface Publication {
  origin: string;
  size: number;
  /** How many leaves were published before. */
  before: number;
}

/**
 * Writes what a log has published since into files of the same layout (C2SP tlog-tiles). Only entries are fetched: every hash is
 * computed from them and the checkpoint is written last, if it follows from them. Partial tiles go once the whole one is there.
 * @param trusted keys of the log
 * @throws GatehouseError if the files are of another log or damaged, or if the log is not what it signed
 */
export async function publishLog(
  log: PublicLog,
  files: PublishedFiles,
  trusted: readonly NoteKey[],
  onProgress: (size: number, of: number) => void = () => {},
): Promise<Publication> {
  const note = await log.checkpoint();
  const checkpoint = opened(note, trusted);
  const { edge, size: before } = await publishedEdge(files, checkpoint);
  const writer = new TileWriter(files, edge);
  for (let first = edgeNumber(before, 0); edge.size < checkpoint.size; first += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, n) => first + n).filter(
      (number) => number * TILE_WIDTH < checkpoint.size,
    );
    const bundles = await Promise.all(numbers.map((number) => fetchBundle(log, number, checkpoint.size)));
    for (const [n, entries] of bundles.entries()) {
      const known = Math.max(0, edge.size - numbers[n]! * TILE_WIDTH);
      for (const entry of entries.slice(known)) edge.append({ entry, position: 0 });
    }
    await writer.write();
    onProgress(edge.size, checkpoint.size);
  }
  if (!edge.root().equals(checkpoint.root))
    throw failure(`the entries of ${checkpoint.origin} are not those of its checkpoint with ${checkpoint.size} leaves`);
  await writer.writePartial();
  await files.write(CHECKPOINT, Buffer.from(note));
  await writer.removeOldPartial();
  return { origin: checkpoint.origin, size: checkpoint.size, before };
}

const failure = (reason: string): GatehouseError =>
  new GatehouseError('log-not-published', `nothing was published: ${reason}`, 'failed');

function opened(note: string, trusted: readonly NoteKey[]): Checkpoint {
  try {
    const { text, keys } = openNote(note, trusted);
    const checkpoint = parseCheckpoint(text);
    if (checkpoint && keys.some(({ name }) => name === checkpoint.origin)) return checkpoint;
    throw failure('the checkpoint is not signed by a trusted key of its log');
  } catch (error) {
    if (!(error instanceof UntrustedNote)) throw error;
    throw failure(`the checkpoint can't be trusted: ${error.message}`);
  }
}

/** The edge of what is published already, which has to be what its checkpoint says. */
async function publishedEdge(files: PublishedFiles, now: Checkpoint): Promise<{ edge: TreeEdge; size: number }> {
  const note = await files.read(CHECKPOINT);
  if (!note) return { edge: new TreeEdge(0, [], []), size: 0 };
  const text = String(note);
  const before = parseCheckpoint(text.slice(0, text.indexOf('\n\n') + 1));
  if (!before) throw damaged('its checkpoint is none');
  if (before.origin !== now.origin)
    throw new InvalidInput([
      {
        field: 'the directory',
        message: `holds the log ${before.origin}, not ${now.origin}: publish into another one`,
      },
    ]);
  if (before.size > now.size) throw failure(`${before.size} leaves are published, but the log has only ${now.size}`);
  const edge = await loadEdge(files, before.size);
  if (!edge?.root().equals(before.root)) throw damaged('its tiles are not those of its checkpoint');
  return { edge, size: before.size };
}

const damaged = (reason: string): InvalidInput =>
  new InvalidInput([
    { field: 'the directory', message: `is damaged, since ${reason}: publish into an empty directory` },
  ]);

async function loadEdge(files: PublishedFiles, size: number): Promise<TreeEdge | undefined> {
  const read = async (level: number | 'entries', row: number): Promise<Buffer | undefined> => {
    const width = edgeWidth(size, row);
    if (width === 0) return Buffer.alloc(0);
    return files.read(`tile/${tilePath({ level, number: edgeNumber(size, row), width })}`);
  };
  const entries = decodeBundle((await read('entries', 0)) ?? Buffer.of(0));
  const tiles: Buffer[] = [];
  for (let level = 1; size >= TILE_WIDTH ** level; level++) tiles.push((await read(level, level)) ?? Buffer.alloc(0));
  try {
    return entries && new TreeEdge(size, entries.map(leafOf), tiles);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const leafOf = (entry: Buffer): Leaf => ({ entry, position: 0 });

async function fetchBundle(log: PublicLog, number: number, size: number): Promise<Buffer[]> {
  const width = Math.min(TILE_WIDTH, size - number * TILE_WIDTH);
  const path = tilePath({ level: 'entries', number, width });
  const entries = decodeBundle(await log.tile(path));
  if (entries?.length !== width || entries.some((entry) => entry.length !== HASH_BYTES))
    throw failure(`tile/${path} is not the bundle of ${width} entries that it has to be`);
  return entries;
}

interface Row {
  level: number | 'entries';
  number: number;
  width: number;
  bytes: Buffer;
}

/** Writes the tiles of an edge as it grows: full ones at once, the last of each level at the end. */
class TileWriter {
  private readonly partial = new Map<number | 'entries', Row>();
  private readonly completed: TilePlace[] = [];

  constructor(
    private readonly files: PublishedFiles,
    private readonly edge: TreeEdge,
  ) {}

  async write(): Promise<void> {
    const { bundles, tiles } = this.edge.takeGrown();
    const rows: Row[] = [
      ...bundles.flatMap(({ number, leaves }) => rowsOf(number, leaves)),
      ...tiles.map(({ level, number, hashes }) => ({
        level,
        number,
        width: hashes.length / HASH_BYTES,
        bytes: hashes,
      })),
    ];
    for (const row of rows) {
      if (row.width < TILE_WIDTH) {
        this.partial.set(row.level, row);
        continue;
      }
      await this.store(row);
      this.completed.push(row);
      if (this.partial.get(row.level)?.number === row.number) this.partial.delete(row.level);
    }
  }

  async writePartial(): Promise<void> {
    for (const row of this.partial.values()) await this.store(row);
  }

  async removeOldPartial(): Promise<void> {
    for (const place of this.completed)
      await this.files.removeFolder(`tile/${tilePath({ ...place, width: TILE_WIDTH })}.p`);
  }

  private store({ bytes, ...place }: Row): Promise<void> {
    return this.files.write(`tile/${tilePath(place)}`, bytes);
  }
}

/** The bundle of entries, and the tile of their hashes. */
function rowsOf(number: number, leaves: readonly Leaf[]): Row[] {
  const entries = leaves.map(({ entry }) => entry);
  const width = entries.length;
  return [
    { level: 'entries', number, width, bytes: encodeBundle(Buffer.concat(entries)) },
    { level: 0, number, width, bytes: Buffer.concat(entries.map(leafHash)) },
  ];
}
