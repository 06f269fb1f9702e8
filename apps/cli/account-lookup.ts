import type { AccountAnswer } from './api-answers.js';
import type { ApiClient } from './api-client.js';
import { ApiProblem } from './api-errors.js';

/** An account's state, or undefined for an unknown account. */
export async function accountOf(client: ApiClient, accountId: string): Promise<AccountAnswer | undefined> {
  try {
    return await client.get<AccountAnswer>(`/v1/accounts/${encodeURIComponent(accountId)}`);
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return undefined;
    throw error;
  }
}
