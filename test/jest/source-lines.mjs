import { createRequire, SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const maps = new Map();
/** Jest shows the place of a failure by the first frame outside of itself. */
const EXPECT = new URL('./quick-expect.mjs', import.meta.url).href;

/**
 * Gives stacks the lines of TypeScript files. Node could do so by itself, but then it reads the source map of every module
 * as it loads it, also of all packages, and few specs ever format a stack.
 */
export function showSourceLines() {
  Error.prepareStackTrace = (error, frames) =>
    [text(error), ...frames.filter(isOutside).map((frame) => `    at ${inSource(frame)}`)].join('\n');
}

function isOutside(frame) {
  return frame.getFileName() !== EXPECT;
}

function text(error) {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}

function inSource(frame) {
  const url = frame.getFileName();
  if (!url?.startsWith('file:') || !url.endsWith('.ts')) return String(frame);
  const entry = mapOf(url)?.findEntry(frame.getLineNumber() - 1, frame.getColumnNumber() - 1);
  if (entry?.originalLine === undefined) return String(frame);
  const place = `${fileURLToPath(url)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  const { 1: name } = /^(.+) \(/.exec(String(frame)) ?? [];
  return name ? `${name} (${place})` : place;
}

/** Compiled again, which gives the same code; none of a file that can't be read any more, since its error must be shown. */
function mapOf(url) {
  if (!maps.has(url)) maps.set(url, compiledMap(url));
  return maps.get(url);
}

function compiledMap(url) {
  try {
    const { map } = require('@swc/core').transformFileSync(fileURLToPath(url), { sourceMaps: true });
    return map && new SourceMap(JSON.parse(map));
  } catch {
    return undefined;
  }
}
