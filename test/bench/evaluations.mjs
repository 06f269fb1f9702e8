import { expectStatus, openConnection, requestBytes } from './http-connection.mjs';
import { memberId } from './loading.mjs';

const BATCH = 1_000;

/** An unknown image that the caller says nothing about would be waited for. */
const FACE = { photorealistic: true, faces: true };

/** An evaluation request for an account. */
export const evaluation = (token, accountId, action) =>
  requestBytes('POST', '/access/v1/evaluation', {
    token,
    json: {
      subject: { type: 'account', id: accountId },
      action: { name: action },
      resource: { type: 'image', id: `img-${accountId}`, ...(action === 'share' && { properties: FACE }) },
    },
  });

/** Evaluates every account once, so that all of them are in memory. */
export async function askForAll({ url, token }, accounts) {
  const connection = await openConnection(url);
  for (let first = 0; first < accounts; first += BATCH) {
    const evaluations = Array.from({ length: Math.min(BATCH, accounts - first) }, (_, n) => ({
      subject: { type: 'account', id: memberId(first + n) },
    }));
    const json = { action: { name: 'generate' }, resource: { type: 'image', id: 'any' }, evaluations };
    expectStatus(await connection.ask(requestBytes('POST', '/access/v1/evaluations', { token, json })), 200);
  }
  connection.close();
}
