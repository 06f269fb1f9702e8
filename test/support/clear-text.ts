import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';

/** So far back a search begins before its spec: the machine's clock may be set back meanwhile. */
export const CLOCK_STEP_MS = 60_000;

/** A string in every form in which a careless store may hold it: as it is, in hexadecimal, in base64 at each alignment. */
function formsOf(text: string): Buffer[] {
  const base64 = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString('base64');
    // The characters at both ends depend on the neighbours.
    return whole.slice(shift === 0 ? 0 : shift + 1, -4);
  });
  return [text, Buffer.from(text).toString('hex'), ...base64].map((form) => Buffer.from(form));
}

export const hasText = (bytes: Buffer | string, text: string): boolean =>
  formsOf(text).some((form) => Buffer.from(bytes).includes(form));

/** The tables of a database of which a row contains the text. */
export async function tablesWith(pool: pg.Pool, text: string): Promise<string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    if (rows.some(({ row }) => hasText(row, text))) found.push(name);
  }
  return found;
}

/** The files below a directory that changed since then and contain the text, among them the write-ahead log. */
export const filesWith = (directory: string, since: number, text: string): Promise<string[]> =>
  changedFiles(directory, since, (bytes) => hasText(bytes, text));

/** The files below a directory that changed since then and of whose bytes something is true. */
export async function changedFiles(
  directory: string,
  since: number,
  isSo: (bytes: Buffer) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  for (const path of await filesBelow(directory)) {
    const changed = await stat(path).catch(() => undefined); // other specs delete files meanwhile
    if (!changed || changed.mtimeMs < since) continue;
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (isSo(bytes)) found.push(path);
  }
  return found;
}

/** Without what is removed meanwhile: other specs drop their databases on the same server. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const below = entries.map(async (entry) => {
    const path = join(directory, entry.name);
    if (entry.isFile()) return [path];
    return entry.isDirectory() ? await filesBelow(path).catch(noneIfGone) : [];
  });
  return (await Promise.all(below)).flat();
}

function noneIfGone(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
