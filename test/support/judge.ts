import type { Answer, Client } from './gatehouse.js';

/** What an `unsafe` verdict needs beyond the token of the claim. */
export const FOUNDED = { clause: 'violent', rationale: 'a wound in the lower left' };

/** Claims the case and gives a verdict; answers as the claim does if that is refused. */
export async function judge(reviewer: Client, caseId: string, verdict: string, more: object = {}): Promise<Answer> {
  const claim = await reviewer.post(`/v1/cases/${caseId}/claim`);
  if (claim.status !== 200) return claim;
  const { token } = claim.body;
  const founded = verdict === 'unsafe' ? FOUNDED : {};
  return reviewer.post(`/v1/cases/${caseId}/verdicts`, { token, verdict, ...founded, ...more });
}
