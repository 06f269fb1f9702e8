import { createReadStream } from 'node:fs';
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

/** No file that a command reads whole is larger: one from somebody else must not use up the memory. */
const MAX_BYTES = 64 * 1024 * 1024;

/** @throws InvalidInput */
export async function textOf(option: string, file: string): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of createReadStream(file, { end: MAX_BYTES })) {
      parts.push(part);
      bytes += part.length;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InvalidInput([{ field: option, message: `cannot read ${file} (${code}): check the path` }]);
  }
  if (bytes <= MAX_BYTES) return Buffer.concat(parts).toString('utf8');
  throw new InvalidInput([{ field: option, message: `${file} has more than 64 MiB: check the path` }]);
}
