import { readFileSync } from 'node:fs';

/** The package's version; package.json stands two folders up from the built apps and one from the sources. */
export const version: string = read('../package.json') ?? read('../../package.json') ?? 'unknown';

function read(path: string): string | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
    return name === 'gatehouse' ? version : undefined;
  } catch {
    return undefined;
  }
}
