import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { DeclaredRoutes } from '../../libs/http/credentials/declared-routes.js';
import { type Answer, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { validBodies } from '../support/valid-bodies.js';

const CASE = 'img-1';
/** They wait only once a case or an appeal is open, which none is yet here. */
const NOT_BEHIND = ['next', ':id/claim', ':id/decision', ':id/handover'].map((path) => `POST /v1/appeals/${path}`);
NOT_BEHIND.push('POST /v1/queues/:id/next');
// It waits only for an account of which nothing is known, and an earlier request here deactivates this one.
NOT_BEHIND.push('POST /v1/accounts/:id/legal-holds');
// They wait only for confirmed cases, of which there are none here.
NOT_BEHIND.push('GET /v1/persons/:id/erasure', 'POST /v1/persons/:id/erasure');
// It waits for the same as POST /v1/retention-runs, but has parameters that this spec does not give.
NOT_BEHIND.push('GET /v1/retention-counts');
// A job that undoes another waits for what that one has changed; there is none here.
NOT_BEHIND.push('POST /v1/bulk-jobs');
// The account has to be on the waitlist first, and here it is not.
NOT_BEHIND.push('POST /v1/invitations');
const verdictOn = (caseId: string) => cloudEvent('VerdictGiven', { caseId, reviewer: 'rev-1', verdict: 'safe' });

let gatehouse: TestGatehouse;
let quarantined: string;
let written: string;

const isWaiting = (operation?: { parameters?: { name: string }[] }) =>
  operation?.parameters?.some(({ name }) => name === 'minPosition');

beforeAll(async () => {
  // Nothing runs in the background, and no decision waits for it.
  gatehouse = await startGatehouse({ env: { GATEHOUSE_DECISION_WAIT_MS: '0' } });
  const { administrator, runtime } = gatehouse;
  await administrator.put('/v1/rollout/rate', { perWeek: 100, reason: 'a test', confirm: 100 });
  written = (await administrator.put('/v1/rollout/rate', { perWeek: 101, reason: 'a test', confirm: 101 })).body
    .position;
  await administrator.post('/v1/waitlist', { email: 'ada@example.org' });
  const flag = { imageId: CASE, flaggerKind: 'user', categories: ['violent'] };
  const flags = ['acc-1', 'acc-2', 'acc-3'].map((flaggedBy) => cloudEvent('ContentFlagged', { ...flag, flaggedBy }));
  for (const one of flags) await administrator.post('/v1/events', one);
  const { results } = (await administrator.post('/v1/events', verdictOn('img-unknown'))).body;
  quarantined = results[0].quarantineId;
  // The flags that the reactor has not reached take several pages.
  const { log } = runtime;
  const readAll = log.readAll.bind(log);
  jest.spyOn(log, 'readAll').mockImplementation((after, options) => readAll(after, { ...options, limit: 1 }));
  jest.spyOn(log, 'readTo').mockImplementation((_, after, types) => readAll(after, { types, limit: 1 }));
});
afterAll(() => gatehouse.close());

it('every route documents exactly if it may be answered with 503 not-caught-up', async () => {
  const { administrator, app } = gatehouse;
  const { paths } = (await administrator.get('/openapi.json')).body;
  const documented: string[] = [];
  const answered: string[] = [];
  for (const { method, path } of app.get(DeclaredRoutes).all()) {
    const key = `${method} ${path}`;
    const operation = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    if (/`not-caught-up`/.test(operation?.responses['503']?.description ?? '')) documented.push(key);
    const url = path.replaceAll(/:\w+/g, path.startsWith('/v1/quarantine/') ? quarantined : CASE);
    const bodies = [{}, ...(validBodies[key] ?? []), verdictOn(CASE)];
    const answers: Answer[] = [];
    if (method === 'GET')
      answers.push(await administrator.get(isWaiting(operation) ? `${url}?minPosition=${written}` : url));
    else if (method === 'DELETE') answers.push(await administrator.delete(url));
    else
      for (const body of bodies) answers.push(await administrator[method.toLowerCase() as 'post' | 'put'](url, body));
    if (answers.some(({ status, body }) => status === 503 && /not-caught-up$/.test(body.type))) answered.push(key);
  }
  expect([...answered, ...NOT_BEHIND].sort()).toEqual(documented.sort());
  expect(answered).toContain('POST /v1/cohorts');
});
