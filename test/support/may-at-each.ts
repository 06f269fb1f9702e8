import { expect } from '@jest/globals';
import { client } from './gatehouse.js';

interface Question {
  accountId: string;
  action: string;
  image: { id: string; properties?: Record<string, unknown> };
  minPosition: string;
}

/**
 * What every gateway answers, alone and in a batch, once it has the position: they must agree.
 * @returns the reason of a denial, or `allowed`
 */
export async function mayAtEach(
  gateways: readonly { url: string }[],
  token: string,
  { accountId, action, image, minPosition }: Question,
): Promise<string> {
  const question = {
    subject: { type: 'account', id: accountId },
    action: { name: action },
    resource: { type: 'image', ...image },
    context: { minPosition },
  };
  const answers: string[] = [];
  for (const { url } of gateways) {
    const asked = client(url, token);
    // The second request takes the fast path: its credential is known by then.
    const singles = [
      await asked.post('/access/v1/evaluation', question),
      await asked.post('/access/v1/evaluation', question),
    ].map(({ body }) => body);
    const batch = (await asked.post('/access/v1/evaluations', { ...question, evaluations: [{}] })).body;
    answers.push(...[...singles, ...batch.evaluations].map((one) => one.context.reason ?? 'allowed'));
  }
  expect(new Set(answers).size).toBe(1);
  return answers[0]!;
}
