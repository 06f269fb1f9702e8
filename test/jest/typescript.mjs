import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

/* Hooks of Node's module loader: a TypeScript file is compiled as .swcrc says, by the build or else as it is loaded. */

const GLOBALS = new URL('./globals.mjs', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export function resolve(specifier, context, next) {
  if (specifier === '@jest/globals') return { url: GLOBALS, shortCircuit: true };
  if (context.parentURL?.endsWith('.ts') && /^\.{1,2}\/.*\.js$/.test(specifier)) {
    const { href } = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(fileURLToPath(href))) return { url: href, shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const path = fileURLToPath(url);
  const built = join(ROOT, 'dist', relative(ROOT, path).replace(/\.ts$/, '.js'));
  // Specs and what is under test/ are not built.
  const source = await readFile(built, 'utf8').catch(async () => (await transformFile(path)).code);
  return { format: 'module', source, shortCircuit: true };
}
