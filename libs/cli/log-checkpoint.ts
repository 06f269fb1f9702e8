import { ApiProblem } from './api-errors.js';
import type { Session } from './session.js';

/** The newest signed checkpoint of the log; null if the log signs none. */
export async function logCheckpoint({ client }: Pick<Session, 'client'>): Promise<string | null> {
  try {
    return (await client.content('GET', '/log/checkpoint')).bytes.toString();
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return null;
    throw error;
  }
}
