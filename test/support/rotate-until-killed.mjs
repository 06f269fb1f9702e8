/**
 * Rotates the root key of a key store, and kills itself after so many operations on files.
 * Arguments: the directory of the store, the file of the master key, the id of the rotation, the number of operations.
 */
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [directory, keyFile, id, limit] = process.argv.slice(2);
let done = 0;

/** Counts a method's calls that have succeeded. */
function counted(object, name) {
  const original = object[name];
  object[name] = async function (...args) {
    const result = await original.apply(this, args);
    if (++done === Number(limit)) process.kill(process.pid, 'SIGKILL');
    return result;
  };
}

const handle = await promises.open(keyFile, 'r');
for (const name of ['writeFile', 'sync']) counted(Object.getPrototypeOf(handle), name);
await handle.close();
for (const name of ['open', 'link', 'rename', 'unlink']) counted(promises, name);
syncBuiltinESMExports();

const libs = new URL('../../dist/libs/platform/', import.meta.url);
const { KeyStore } = await import(new URL('key-store/key-store.js', libs));
const { RootKeyFile } = await import(new URL('key-store/root-key-file.js', libs));
const { readKeyFile } = await import(new URL('key-file.js', libs));
const rootKey = new RootKeyFile(keyFile, await readKeyFile(keyFile, 'master'));
done = 0;
const store = await KeyStore.open({ directory, rootKey, clock: Date, exclusively: (work) => work() });
await store.rotate(id);
