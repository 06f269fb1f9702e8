import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { InvalidInput } from '../../kernel/errors.js';
import { newFile } from '../../platform/new-file.js';
import type { DatasetName } from '../events.js';
import { FORMATS } from './part-file.js';

const MANIFEST = 'manifest.json';
/** Left by a process that ended while it wrote the manifest. */
export const NEW_MANIFEST = `${MANIFEST}.new`;

const text = Type.String();
const count = Type.Integer({ minimum: 0 });
/** Only names that an export gives, so that nobody's manifest leads elsewhere. */
const partName = Type.String({ pattern: '^[a-z]+-[0-9]{5}\\.(ndjson|csv|parquet)$' });

export const Manifest = Type.Object({
  form: Type.Literal('gatehouse-export/1'),
  exportId: text,
  dataset: Type.Unsafe<DatasetName>({ type: 'string', pattern: '^[a-z]+$' }),
  format: Type.Enum([...FORMATS]),
  /** The range that was asked for. */
  asked: Type.Object({ from: Type.Optional(text), to: Type.Optional(text) }),
  /** The positions that it has: absent before the server has made the export. */
  range: Type.Optional(Type.Object({ after: text, to: text })),
  columns: Type.Array(Type.Object({ name: text, type: text, meaning: text })),
  parts: Type.Array(
    Type.Object({ file: partName, rows: count, bytes: count, sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
  ),
  rows: count,
  isComplete: Type.Boolean(),
  /** The place to go on from; absent before the first part and at the end. */
  next: Type.Optional(text),
  /** A signed checkpoint of the log, usually one that covers the range; null if the log signs none. */
  checkpoint: Type.Union([text, Type.Null()]),
  /** The last position that it covers. Absent from earlier releases. */
  checkpointPosition: Type.Optional(Type.Union([text, Type.Null()])),
});
export type Manifest = Static<typeof Manifest>;

const compiled = Compile(Manifest);

/** @returns undefined if the folder has none @throws InvalidInput if it is no manifest */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  let content: string;
  try {
    content = await readFile(join(folder, MANIFEST), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw unreadable(folder, `can't be read (${code})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw unreadable(folder, 'is not JSON');
  }
  if (compiled.Check(value)) return value;
  throw unreadable(folder, 'is not the manifest of an export');
}

const unreadable = (folder: string, why: string): InvalidInput =>
  new InvalidInput([{ field: 'the folder', message: `${join(folder, MANIFEST)} ${why}: name another folder` }]);

/** Replaces the manifest at once, so that an interruption leaves the one before or this one. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const written = join(folder, NEW_MANIFEST);
  const file = await newFile(written, 0o600);
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(written, join(folder, MANIFEST));
}
