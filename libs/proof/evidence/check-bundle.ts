import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { InvalidInput } from '../../kernel/errors.js';
import { type NoteKey, parseVerifier } from '../tlog/signed-note.js';
import { InvalidPolicy, logsOnly, parsePolicy, type TrustPolicy } from '../tlog/trust-policy.js';
import { MAX_BUNDLE_BYTES } from './bundle-format.js';
import { SummaryPage } from './summary-page.js';
import { type Verdict, verdictOf } from './verdict.js';
import { verifyBundle } from './verify-bundle.js';

export interface CheckedBundle {
  verdict: Verdict;
  /** A page that shows the events. @param trust whose word it is that the keys are those of the log */
  html(trust: string): string;
}

/** @throws UntrustedBundle if it proves nothing */
async function checked(chunks: AsyncIterable<Uint8Array>, policy: TrustPolicy): Promise<CheckedBundle> {
  const page = new SummaryPage();
  const bundle = await verifyBundle(chunks, policy, (event, of) => page.add(event, of));
  return { verdict: verdictOf(bundle, page.range), html: (trust) => page.html(bundle, trust) };
}

/** @param keys of the log, as texts */
export function checkBytes(bytes: Buffer, keys: readonly string[]): Promise<CheckedBundle> {
  async function* once(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  return checked(once(), logsOnly(keys.flatMap((text) => parseVerifier(text) ?? [])));
}

/** @throws InvalidInput before a byte is read, if it is no file or too large; UntrustedBundle if it proves nothing */
export async function checkFile(file: string, policy: TrustPolicy): Promise<CheckedBundle> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new InvalidInput([{ field: 'the file', message: `${file} can't be read (${error.code}): check the path` }]);
  });
  if (found.isFile() && found.size <= MAX_BUNDLE_BYTES) return checked(createReadStream(file), policy);
  const message = `${file} is no file of at most ${MAX_BUNDLE_BYTES} bytes, which is the largest bundle`;
  throw new InvalidInput([{ field: 'the file', message }]);
}

/** @throws InvalidInput */
export function policyOfText(text: string): TrustPolicy {
  try {
    return parsePolicy(text);
  } catch (error) {
    if (!(error instanceof InvalidPolicy)) throw error;
    throw new InvalidInput([{ field: '--policy', message: error.message }]);
  }
}

/** @throws InvalidInput */
export const policyOfKeys = (keys: readonly string[]): TrustPolicy =>
  logsOnly(keys.map((text) => logKeyOf('--key', text)));

/** @throws InvalidInput if it is none */
export function logKeyOf(option: string, text: string): NoteKey {
  const key = parseVerifier(text);
  if (key) return key;
  const message = `${text.slice(0, 80)} is no key of a log: give it as "gatehouse audit keys" prints it`;
  throw new InvalidInput([{ field: option, message }]);
}
