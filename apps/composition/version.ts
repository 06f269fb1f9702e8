import { readFileSync } from 'node:fs';

/** The package's version. package.json is two folders above this source, and three above the built file in dist. */
export const version: string = read('../../package.json') ?? read('../../../package.json') ?? 'unknown';

function read(path: string): string | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
    return name === 'gatehouse' ? version : undefined;
  } catch {
    return undefined;
  }
}
