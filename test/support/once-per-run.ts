import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './until.js';

/**
 * A resource that all workers of this Jest run share, such as a server: the first caller creates it, the others wait and
 * get the same value, as JSON.
 */
export async function oncePerRun<T>(name: string, make: (directory: string) => Promise<T>): Promise<T> {
  const directory = process.env.GATEHOUSE_TEST_SERVER;
  if (!directory) throw new Error('GATEHOUSE_TEST_SERVER is not set: run the specs through jest.config.mjs');
  const ready = join(directory, `${name}.json`);
  const making = join(directory, `${name}.making`);
  let known: string | undefined;
  await until(async () => {
    known = await readFile(ready, 'utf8').catch(() => undefined);
    return known !== undefined || isFirst(making);
  });
  if (known !== undefined) return JSON.parse(known);
  try {
    const made = await make(directory);
    await writeFile(`${ready}.new`, JSON.stringify(made));
    await rename(`${ready}.new`, ready);
    return made; // and stays the first: a caller that looked just before this would make it a second time
  } catch (error) {
    await rm(making, { recursive: true });
    throw error;
  }
}

const isFirst = (directory: string): Promise<boolean> =>
  mkdir(directory).then(
    () => true,
    () => false,
  );
