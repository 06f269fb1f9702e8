import { createRequire, register } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import circus from 'jest-circus/runner';
import { provide } from './globals.mjs';
import { showSourceLines } from './source-lines.mjs';

const require = createRequire(import.meta.url);
/** jest-circus keeps its event handlers under this symbol; a second file in the same process must not add to them. */
const CIRCUS_HANDLERS = Symbol.for('EVENT_HANDLERS');
/** Closing takes some turns of the event loop, and longer on a busy machine. */
const CLOSING_MS = 30_000;
const POLL_MS = 10;

register('./typescript.mjs', import.meta.url);
// The first access opens a stream, which then counts as open: so open them before the count.
void [process.stdin, process.stdout, process.stderr];
// Exits at once if Jest stops the worker or its parent is gone: resources that a spec left open were reported before.
const end = () => process.kill(process.pid, 'SIGKILL');
if (process.channel) {
  process.on('disconnect', end);
  process.on('removeListener', (event) => event === 'message' && end());
}

/**
 * Jest's testRunner: runs a spec as Node runs any module, so that the files of one worker share the application's modules.
 * Jest's own runtime loads all of them again for each file, which took a third of `npm test`.
 */
export default async function runFile(globalConfig, config, environment, runtime, path, sendMessageToJest) {
  showSourceLines(); // Jest's own knows no source map of a module that Node has loaded
  const inNode = new Proxy(runtime, {
    get(target, name) {
      if (name === 'requireInternalModule') return requireAfresh;
      if (name === 'requireModule') return require;
      if (name === 'unstable_shouldLoadAsEsm') return () => true;
      if (name === 'unstable_importModule') return (file) => import(pathToFileURL(file).href);
      if (name === 'setGlobalsForRuntime') return (globals) => provide(globals, environment.moduleMocker);
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const before = openResources();
  const result = await circus.default(globalConfig, config, environment, inNode, path, sendMessageToJest);
  // A test that failed may have left something open: its failure says more.
  if (result.numFailingTests > 0) return result;
  const left = await leftOpen(before);
  if (left.length > 0) throw new Error(`the spec leaves open: ${left.join(', ')}`);
  return result;
}

function requireAfresh(file) {
  delete globalThis[CIRCUS_HANDLERS];
  delete require.cache[file];
  return require(file);
}

/** The number of resources of each kind that keep a process running: servers, sockets, timers, child processes. */
function openResources() {
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** The resources that were opened since and not closed in time. */
async function leftOpen(before) {
  const more = () =>
    [...openResources()].flatMap(([kind, count]) => {
      const added = count - (before.get(kind) ?? 0);
      return added > 0 ? [`${added} ${kind}`] : [];
    });
  for (const until = performance.now() + CLOSING_MS; performance.now() < until; ) {
    await sleep(POLL_MS, undefined, { ref: false });
    if (more().length === 0) return [];
  }
  return more();
}
