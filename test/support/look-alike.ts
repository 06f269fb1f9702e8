import { expect } from '@jest/globals';
import type { Client, TestGatehouse } from './gatehouse.js';

const TIMES = /"\d{4}-\d\d-\d\dT[0-9:.]+Z"/g;
/** Of these fields only whether they are there matters. */
const ANY = ['position', 'token', 'instance', 'traceresponse'];

interface People {
  gatehouse: Pick<TestGatehouse, 'settle'>;
  /** Who compares. */
  reviewer: Client;
  lead: Client;
}

/**
 * Compares all that a reviewer sees of two cases, but for their names, their accounts and times.
 * @returns does the same to each of them; expects the same answers, that it counts as the same exposure, and that they look the
 *   same after it
 */
export function lookAlike({ gatehouse, reviewer, lead }: People, [one, other]: readonly [string, string]) {
  const withoutNames = async (caseId: string, answer: unknown) => {
    const { body } = await lead.get(`/v1/cases/${caseId}`);
    return JSON.parse(
      JSON.stringify(answer, (name, value) => (ANY.includes(name) ? 'any' : value))
        .replaceAll(caseId, 'the-case')
        .replaceAll(body.accountId, 'the-owner')
        .replaceAll(TIMES, '"a-time"')
        .replaceAll(/"(flag|flagger)-[0-9a-f]{16}"/g, '"stands-for-$1"')
        .replaceAll(/"etag":"\\"[0-9a-f]{12}-[1-9]\d*\\""/g, '"etag":"of-a-change"'),
    );
  };
  const exposure = async (): Promise<Record<string, number>> =>
    (await reviewer.get('/v1/reviewers/me/exposure')).body.total;
  const seen = async (caseId: string) => {
    const paths = [`/v1/cases/${caseId}`, `/v1/cases/${caseId}/review`, `/v1/images/${caseId}`];
    const shown = [];
    for (const path of paths) shown.push(await reviewer.get(path));
    const { items } = (await reviewer.get('/v1/cases?limit=200')).body;
    const listed = items.filter((entry: { caseId: string }) => entry.caseId === caseId);
    const preview = (await reviewer.get(`/v1/images/${caseId}/preview`)).status;
    return withoutNames(caseId, [shown.map(({ status, body }) => [status, body]), listed, preview]);
  };
  return async (act: (caseId: string) => Promise<unknown>) => {
    const both = [];
    await gatehouse.settle();
    for (const caseId of [one, other]) {
      const before = await exposure();
      const answer = await act(caseId);
      await gatehouse.settle();
      const after = await exposure();
      const exposed = Object.keys(after).map((kind) => [kind, after[kind]! - before[kind]!]);
      both.push(await withoutNames(caseId, { answer, exposed }));
    }
    expect(both[1]).toEqual(both[0]);
    expect(await seen(other)).toEqual(await seen(one));
    return both[0].answer;
  };
}

/**
 * Every step of a review up to a confirmation.
 * @param same of `lookAlike`
 * @param founded what an `unsafe` verdict needs
 */
export async function sameReview(
  same: ReturnType<typeof lookAlike>,
  { reviewer, lead }: Pick<People, 'reviewer' | 'lead'>,
  founded: object,
): Promise<void> {
  const { reviewer: name } = (await reviewer.get('/v1/reviewers/me/exposure')).body;
  const post = (path: string, body?: object) => async (caseId: string) => {
    const { status, body: answer } = await reviewer.post(`/v1/cases/${caseId}/${path}`, body);
    return { status, answer };
  };
  await same(async () => 'nothing');
  expect(await same(post('claim'))).toMatchObject({ status: 200 });
  for (const level of ['prompt', 'comments', 'blurred', 'full'])
    await same(post('reveals', { level, reason: 'unclear' }));
  await same(async (caseId) => (await reviewer.put(`/v1/cases/${caseId}/claim`, { token: 1 })).status);
  await same(async (caseId) => (await reviewer.delete(`/v1/cases/${caseId}/claim?token=1`)).status);
  await same(post('claim'));
  await same(post('escalate', { token: 2 }));
  await same(async (caseId) => (await lead.post(`/v1/cases/${caseId}/handover`, { reviewer: name })).status);
  await same(post('claim'));
  expect(await same(post('verdicts', { token: 3, verdict: 'unsafe', ...founded }))).toMatchObject({
    answer: { status: 'confirmed' },
  });
  await same(post('claim'));
  await same(async (caseId) => {
    const { status, body } = await reviewer.delete(`/v1/cases/${caseId}/verdicts/mine`);
    return [status, body.type];
  });
}
