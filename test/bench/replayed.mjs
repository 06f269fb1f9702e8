import { setTimeout as sleep } from 'node:timers/promises';

/** The code of the answer while the log is replayed for an earlier moment. */
const RUNNING = 'replay-running';
const RETRY_MS = 100;

/**
 * Asks until the views of an earlier moment have been replayed.
 * @param looked is called after each answer
 * @throws Error if the answer is another refusal, which no repetition would change
 */
export async function untilReplayed(url, token, looked) {
  for (; ; await sleep(RETRY_MS)) {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    const body = await answer.text();
    looked();
    if (answer.ok) return;
    if (codeOf(body) !== RUNNING) throw new Error(`${url} answered ${answer.status}: ${body}`);
  }
}

function codeOf(body) {
  try {
    return JSON.parse(body)?.code;
  } catch {
    return undefined; // no answer of Gatehouse
  }
}
