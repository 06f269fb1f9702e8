import { ApiProblem } from './api-errors.js';
import { line } from './rendering/plain-text.js';
import type { Session } from './session.js';

/** Remarks that a cohort does not exist yet: an operator may have misspelled it. Who may not ask gets no remark. */
export async function remarkUnknownCohort(
  { client, remark }: Session,
  cohortId: string | undefined,
  what: string,
): Promise<void> {
  if (cohortId === undefined) return;
  try {
    await client.get(`/v1/cohorts/${encodeURIComponent(cohortId)}`);
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    if (error.status === 404)
      remark(line`no cohort ${cohortId} was admitted yet: check its id. ${what} concerns it once it is admitted`);
  }
}
