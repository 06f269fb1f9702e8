import type { Settings } from '../../platform/configuration/settings.js';
import { readPrivate } from '../../platform/key-file.js';
import { SubmissionFailure } from './submission-failure.js';
import { HttpTransparencyDatabase, type TransparencyDatabase } from './transparency-database.js';

/** The characters of a bearer token (RFC 6750), and the bar that tokens of the database have. */
const TOKEN = /^[\w.~+/|-]+=*$/;

/** Undefined if the settings name no database. */
export function openDatabase({
  dsaUrl: url,
  dsaTokenFile: file,
  dsaTimeoutMs: timeoutMs,
}: Pick<Settings, 'dsaUrl' | 'dsaTokenFile' | 'dsaTimeoutMs'>): TransparencyDatabase | undefined {
  if (url === undefined || file === undefined) return undefined;
  return new HttpTransparencyDatabase({ url, timeoutMs, token: () => tokenIn(file) });
}

async function tokenIn(file: string): Promise<string> {
  let content: string;
  try {
    content = (await readPrivate(file, 'dsa-token')).trim();
  } catch (error) {
    throw new SubmissionFailure(`the token can't be read from ${file}: ${(error as Error).message}`);
  }
  if (TOKEN.test(content)) return content;
  throw new SubmissionFailure(`${file} contains no token: write the platform's token into it, and nothing else`);
}
