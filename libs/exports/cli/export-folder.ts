import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointOver } from '../../cli/log-checkpoint.js';
import type { Session } from '../../cli/session.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { DatasetName } from '../events.js';
import type { Column } from '../queries/dataset.js';
import type { ExportAnswer, RowsAnswer } from '../queries/export-answer.js';
import { type Manifest, NEW_MANIFEST, readManifest, writeManifest } from './manifest.js';
import { digestOf, type Format, openPart } from './part-file.js';

const PAGE_ROWS = 2_000;

export interface Wanted {
  dataset: DatasetName;
  format: Format;
  from?: string;
  to?: string;
  reason: string;
  partRows: number;
}

/**
 * Writes an export into a folder, part by part, each under a temporary name until it is whole; the manifest has the parts that
 * are. A repeat goes on after the last one. Memory doesn't depend on the number of rows.
 * @throws InvalidInput if the folder has other files, or another export: of something else, or of another range
 */
export async function exportInto(session: Session, folder: string, wanted: Wanted): Promise<Manifest> {
  const { client, ids, progress } = session;
  const begun = await openFolder(folder, wanted);
  if (begun?.isComplete) return begun;
  let manifest: Manifest = begun ?? emptyManifest(ids.next(), wanted);
  // Its id first, so that a repeat asks for the same export.
  if (!begun) await writeManifest(folder, manifest);
  const { dataset, reason } = wanted;
  const asked = { exportId: manifest.exportId, dataset, reason, ...manifest.asked };
  const made = await client.post<ExportAnswer>('/v1/exports', asked, { repeatable: true });
  manifest = { ...manifest, range: { after: made.after, to: made.position }, columns: made.columns };
  await writeManifest(folder, manifest);
  progress.start(`export ${dataset}, rows`, 0);
  const path = `/v1/exports/${encodeURIComponent(made.exportId)}/rows`;
  const read = (place: string | undefined) => client.get<RowsAnswer>(path, { place, limit: PAGE_ROWS });
  do {
    const part = await writePart(folder, manifest, made.columns, wanted.partRows, read);
    const { next, ...entry } = part;
    const { next: _, ...before } = manifest;
    const whole = { ...before, parts: [...manifest.parts, entry], rows: manifest.rows + entry.rows };
    manifest = { ...whole, ...(next !== undefined && { next }) };
    if (next === undefined)
      manifest = { ...manifest, isComplete: true, ...(await checkpointOver(session, made.position)) };
    await writeManifest(folder, manifest);
    progress.update(manifest.rows);
  } while (!manifest.isComplete);
  progress.end();
  return manifest;
}

async function openFolder(folder: string, { dataset, format, from, to }: Wanted): Promise<Manifest | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const manifest = await readManifest(folder);
  const files = await readdir(folder);
  if (!manifest && files.some((file) => file !== NEW_MANIFEST)) {
    throw new InvalidInput([{ field: 'the folder', message: `${folder} has other files: name an empty folder` }]);
  }
  if (manifest && (manifest.dataset !== dataset || manifest.format !== format)) {
    const message = `${folder} has an export of ${manifest.dataset} as ${manifest.format}: name another folder`;
    throw new InvalidInput([{ field: 'the folder', message }]);
  }
  if (manifest && (manifest.asked.from !== from || manifest.asked.to !== to)) {
    const { from: first = 'the first event', to: last = 'the newest' } = manifest.asked;
    const message = `${folder} has an export from ${first} to ${last}: repeat it with these, or name another folder`;
    throw new InvalidInput([{ field: 'the folder', message }]);
  }
  return manifest;
}

const emptyManifest = (exportId: string, { dataset, format, from, to }: Wanted): Manifest => ({
  form: 'gatehouse-export/1',
  ...{ exportId, dataset, format },
  asked: { ...(from !== undefined && { from }), ...(to !== undefined && { to }) },
  ...{ columns: [], parts: [], rows: 0, isComplete: false, checkpoint: null },
});

interface Part {
  file: string;
  rows: number;
  bytes: number;
  sha256: string;
  next?: string;
}

async function writePart(
  folder: string,
  { dataset, format, parts, next: from }: Manifest,
  columns: readonly Column[],
  partRows: number,
  read: (place: string | undefined) => Promise<RowsAnswer>,
): Promise<Part> {
  const file = `${dataset}-${String(parts.length + 1).padStart(5, '0')}.${format}`;
  const path = join(folder, file);
  const part = await openPart(format, `${path}.new`, columns);
  try {
    let [rows, place] = [0, from];
    do {
      const page = await read(place);
      await part.add(page.rows);
      rows += page.rows.length;
      place = page.next;
    } while (place !== undefined && rows < partRows);
    await part.finish();
    const digest = await digestOf(`${path}.new`);
    await rename(`${path}.new`, path);
    return { file, rows, ...digest, ...(place !== undefined && { next: place }) };
  } finally {
    await part.abandon();
  }
}

export interface Difference {
  file: string;
  what: string;
}

/** Compares the files of a folder with its manifest. @throws InvalidInput if it has no manifest, or one of an unfinished export */
export async function differencesIn(folder: string): Promise<{ manifest: Manifest; differences: Difference[] }> {
  const manifest = await readManifest(folder);
  if (!manifest?.isComplete) {
    const message = `${folder} has no complete export: ${manifest ? 'repeat its command to finish it' : 'name its folder'}`;
    throw new InvalidInput([{ field: 'the folder', message }]);
  }
  const differences: Difference[] = [];
  for (const { file, bytes, sha256 } of manifest.parts) {
    const found = await digestOf(join(folder, file)).catch((error: NodeJS.ErrnoException) => error);
    if (found instanceof Error) differences.push({ file, what: `can't be read (${found.code})` });
    else if (found.bytes !== bytes) differences.push({ file, what: `has ${found.bytes} bytes instead of ${bytes}` });
    else if (found.sha256 !== sha256) differences.push({ file, what: 'was altered: its SHA-256 is another one' });
  }
  const rows = manifest.parts.reduce((sum, part) => sum + part.rows, 0);
  if (rows !== manifest.rows)
    differences.push({ file: 'manifest.json', what: `says ${manifest.rows} rows, but its parts have ${rows}` });
  return { manifest, differences };
}
