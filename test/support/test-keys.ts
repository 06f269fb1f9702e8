import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../libs/kernel/clock.js';
import { Turns } from '../../libs/kernel/turns.js';
import { KeyStore } from '../../libs/platform/key-store/key-store.js';
import { rootKeyFrom } from '../../libs/platform/key-store/root-key.js';
import { PersonKeys } from '../../libs/platform/personal-data/person-keys.js';

export interface TestKeys {
  directory: string;
  keys: PersonKeys;
  /** The same store as another process opens it, which has no key in memory. */
  beside(clock?: Clock): Promise<PersonKeys>;
  remove(): Promise<void>;
}

/** A new key store in a directory of its own. */
export async function openTestKeys(clock: Clock = systemClock): Promise<TestKeys> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
  const turns = new Turns();
  const rootKey = rootKeyFrom(randomBytes(32));
  const parts = { directory, rootKey, exclusively: <Result>(work: () => Promise<Result>) => turns.take('', work) };
  const store = await KeyStore.create({ ...parts, clock });
  return {
    directory,
    keys: new PersonKeys(store, clock),
    async beside(other = clock) {
      return new PersonKeys((await KeyStore.open({ ...parts, clock: other }))!, other);
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Damages the file with the keys of a bucket, which the name is in. Who has the key in memory goes on until it asks again. */
export async function damageKeyOf({ store }: PersonKeys, name: string): Promise<void> {
  // A bucket has a file once a key of it was destroyed.
  const neighbour = () => {
    for (let n = 0; ; n++) if (store.fileFor(`neighbour-${n}`) === store.fileFor(name)) return `neighbour-${n}`;
  };
  await store.destroy({ names: [neighbour()] });
  await writeFile(store.fileFor(name), 'damaged');
}
