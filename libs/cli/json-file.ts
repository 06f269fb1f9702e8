import { readFile } from 'node:fs/promises';
import { InvalidInput } from '../kernel/errors.js';

/**
 * The JSON of a file that an option or an argument names.
 * @param what it has to contain
 * @throws InvalidInput
 */
export async function jsonOf(option: string, file: string, what: string): Promise<unknown> {
  const text = await textOf(option, file);
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `${file} is not JSON (${(error as Error).message}): write ${what}`;
    throw new InvalidInput([{ field: option, message }]);
  }
}

/** @throws InvalidInput */
export async function textOf(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InvalidInput([{ field: option, message: `cannot read ${file} (${code}): check the path` }]);
  }
}
