import type { ApiClient } from '../../cli/api-client.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { LogKeysAnswer } from '../queries/proof-endpoints.js';
import { type NoteKey, parseVerifier } from '../tlog/signed-note.js';

/** The keys that somebody names, or those that the server does. @throws InvalidInput */
export async function trustedKeys(client: ApiClient, given: readonly string[] = []): Promise<NoteKey[]> {
  if (given.length > 0) return given.map((text) => logKey('--key', text));
  const { keys } = await client.get<LogKeysAnswer>('/log/keys');
  return keys.flatMap(({ verifier }) => parseVerifier(verifier) ?? []);
}

/** @throws InvalidInput if it is none */
export function logKey(option: string, text: string): NoteKey {
  const key = parseVerifier(text);
  if (key) return key;
  const message = `${text.slice(0, 80)} is no key of a log: give it as "gatehouse audit keys" prints it`;
  throw new InvalidInput([{ field: option, message }]);
}
