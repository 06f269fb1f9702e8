import type { Answer, Client } from './gatehouse.js';

/** Claims an appeal and decides it with the token of the claim. The answer to the claim, if that is refused. */
export async function hear(by: Client, appealId: string, decision: object): Promise<Answer> {
  const claim = await by.post(`/v1/appeals/${appealId}/claim`);
  if (claim.status !== 200) return claim;
  return by.post(`/v1/appeals/${appealId}/decision`, { token: claim.body.token, ...decision });
}
