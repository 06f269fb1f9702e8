import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const NEVER = '00000000-0000-7000-8000-000000000000';
/** Names are shorter than other ids, and begin with a letter. */
const NEVER_NAMED = 'never';
const VALUES: Record<string, string> = { reason: 'a%20test', token: '1' };
const PARAMETER = /\{(\w+)\}/g;

/** Routes whose parameter is one of a few words of the API, each of which exists. */
const WORDS = ['/v1/image-rules/{rule}', '/v1/switches/{action}'];

interface Documented {
  parameters?: { in: string; name: string; required?: boolean }[];
}

let gatehouse: TestGatehouse;
beforeAll(async () => {
  gatehouse = await startGatehouse();
});
afterAll(() => gatehouse.close());

it('answers 404 to every deletion of what never was, and documents it', async () => {
  const { body } = await gatehouse.administrator.get('/openapi.json');
  const paths: Record<string, { delete?: Documented & { responses: Record<string, unknown> } }> = body.paths;
  const deletions = Object.entries(paths).filter(([path, { delete: one }]) => one && path.includes('{'));
  expect(deletions.map(([path]) => path)).toEqual(expect.arrayContaining(WORDS));

  const answers: { path: string; status: number; isDocumented: boolean }[] = [];
  for (const [path, { delete: one }] of deletions) {
    if (WORDS.includes(path)) continue;
    const needed = one!.parameters!.filter((parameter) => parameter.in === 'query' && parameter.required);
    const query = needed.map(({ name }) => `${name}=${VALUES[name]}`).join('&');
    const { status } = await gatehouse.administrator.delete(
      `${path.replace(PARAMETER, (_, id) => (id === 'name' ? NEVER_NAMED : NEVER))}?${query}`,
    );
    answers.push({ path, status, isDocumented: '404' in one!.responses });
  }
  expect(answers).toEqual(answers.map(({ path }) => ({ path, status: 404, isDocumented: true })));
});
