import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DeclaredRoute, DeclaredRoutes } from '../../libs/http/credentials/declared-routes.js';
import { editsOf } from '../../libs/http/if-match.js';
import { type Answer, type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { servePictures } from '../support/golden-cases.js';
import { judge } from '../support/judge.js';

const FENCED = 'the fencing token of a claim says more: nobody else can have changed it meanwhile';
const ONCE = 'it happens once: a repeat changes nothing, and there is nothing else to change';
const CREATES = 'it creates something under an id of its own';
const REPORTED = 'it records what happened elsewhere, which nobody edits';
const WORKS = 'it starts work on what others change all the time';
const READS = 'it reads';

/** Routes other than GET that edit nothing that people read first and then change, and why. */
const EXCEPTIONS: Record<string, string> = {
  'POST /access/v1/evaluation': READS,
  'POST /access/v1/evaluations': READS,
  'POST /v1/accounts/:id/legal-holds': CREATES,
  'POST /v1/accounts/:id/policy-acceptance': REPORTED,
  'DELETE /v1/accounts/:id/legal-holds/:holdId': ONCE,
  'POST /v1/appeals/:id/claim': FENCED,
  'DELETE /v1/appeals/:id/claim': FENCED,
  'PUT /v1/appeals/:id/claim': FENCED,
  'POST /v1/appeals/:id/decision': FENCED,
  'POST /v1/appeals/:id/handover': FENCED,
  'POST /v1/appeals/next': WORKS,
  'POST /v1/audit/diffs': READS,
  'POST /v1/audit/replays': READS,
  'DELETE /v1/audit/replays/:name': ONCE,
  'POST /v1/bulk-jobs': CREATES,
  'DELETE /v1/bulk-jobs/:id': ONCE,
  'POST /v1/cases/:id/authority-reports': ONCE,
  'POST /v1/cases/:id/claim': FENCED,
  'PUT /v1/cases/:id/claim': FENCED,
  'DELETE /v1/cases/:id/claim': FENCED,
  'POST /v1/cases/:id/escalate': FENCED,
  'POST /v1/cases/:id/handover': FENCED,
  'POST /v1/cases/:id/hold': FENCED,
  'POST /v1/cases/:id/reopen': ONCE,
  'POST /v1/cases/:id/reveals': READS,
  'POST /v1/cases/:id/verdicts': FENCED,
  'DELETE /v1/cases/:id/verdicts/mine': FENCED,
  'POST /v1/cohorts': CREATES,
  'POST /v1/cohorts/:id/address-exports': READS,
  'POST /v1/cohorts/:id/closing': ONCE,
  'POST /v1/waitlist/address-exports': READS,
  'POST /v1/enforcement-ladder/dry-runs': READS,
  'POST /v1/enforcements/:id/acknowledgements': REPORTED,
  'POST /v1/enforcements/:id/appeals': CREATES,
  'POST /v1/enforcements/:id/redelivery': WORKS,
  'POST /v1/events': REPORTED,
  'POST /v1/gate/detector-changes': REPORTED,
  'POST /v1/gate/model-changes': REPORTED,
  'POST /v1/gate/overrides': CREATES,
  'POST /v1/gate/overrides/:id/approval': ONCE,
  'DELETE /v1/gate/override': ONCE,
  'POST /v1/golden-cases': CREATES,
  'POST /v1/invitations': CREATES,
  'POST /v1/invitations/:batchId/withdrawal': ONCE,
  'POST /v1/isolated-flags/:id/replay': WORKS,
  'DELETE /v1/isolated-flags/:id': ONCE,
  'DELETE /v1/persons/:id/erasure': ONCE,
  'POST /v1/evidence-bundles': READS,
  'POST /v1/exports': CREATES,
  'POST /v1/log-key-rotations': ONCE,
  'POST /v1/persons/:id/erasure': ONCE,
  'POST /v1/persons/:id/exports': READS,
  'POST /v1/reports': CREATES,
  'POST /v1/retention-runs': WORKS,
  'POST /v1/root-key/rotations': WORKS,
  'POST /v1/subject-requests': CREATES,
  'POST /v1/subject-requests/:id/closing': ONCE,
  'POST /v1/log-verifications': WORKS,
  'POST /v1/notices/:id/redelivery': WORKS,
  'POST /v1/statement-mapping/dry-runs': READS,
  'POST /v1/statements/:id/retry': WORKS,
  'POST /v1/quarantine/:id/replay': ONCE,
  'POST /v1/quarantine/:id/edited-replay': ONCE,
  'DELETE /v1/quarantine/:id': ONCE,
  'POST /v1/queues/:id/next': WORKS,
  'POST /v1/reviewers/me/breaks': REPORTED,
  'POST /v1/tokens': CREATES,
  'DELETE /v1/tokens/:id': ONCE,
  'POST /v1/views/rebuild': WORKS,
  'POST /v1/views/verify': WORKS,
  'POST /v1/waitlist': CREATES,
  'DELETE /v1/waitlist/:accountId': ONCE,
  'POST /v1/waitlist/:accountId/invitation-acceptance': ONCE,
  'POST /v1/waitlist/confirmations': ONCE,
  'POST /v1/waitlist/:accountId/confirmation': ONCE,
  'POST /v1/waitlist/:accountId/confirmation-requests': ONCE,
  'POST /v1/waitlist/confirmation-requests': ONCE,
  'POST /v1/waitlist/classes': REPORTED,
};

/** What one request to a route edits. */
interface Edit {
  /** The path with its parameters, and the query if it has one. */
  path: string;
  /** Where it is shown. */
  shown: string;
  body?: object;
}

const WHY = '?reason=a%20test';
const RULE = '/v1/image-rules/photorealistic-faces';
const TARGET = '/v1/enforcement-targets/session-service';
const RECORDS = '/v1/authority-records';
const terms = { consequences: ['deactivate'], deadlineSeconds: 60, retrySeconds: 60, reason: 'sessions' };

let gatehouse: TestGatehouse;
let pictures: Awaited<ReturnType<typeof servePictures>>;
let lena: Client;
let accountId: string;
let edits: [string, Edit][];
let routes: DeclaredRoute[];

const keyOf = ({ method, path }: DeclaredRoute) => `${method} ${path}`;
const handlerOf = ({ controller, handlerName }: DeclaredRoute): object => controller.prototype[handlerName];

beforeAll(async () => {
  pictures = await servePictures();
  gatehouse = await startGatehouse({ env: pictures.env });
  const { administrator, settle } = gatehouse;
  lena = await gatehouse.as('lena', 'lead', 'operator', 'administrator');
  routes = gatehouse.app.get(DeclaredRoutes).all();
  const clauses = [{ id: 'violent', title: 'No violence', severity: 2 }];
  await administrator.post('/v1/policy', { version: '1', clauses });
  ({ accountId } = (await administrator.post('/v1/waitlist', { email: 'ada@example.org' })).body);
  const flag = { imageId: 'img-1', flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] };
  await administrator.post('/v1/events', cloudEvent('ImageGenerated', { imageId: 'img-1', accountId: 'acc-1' }));
  await administrator.post('/v1/events', cloudEvent('ContentFlagged', flag));
  await settle();
  await judge(await gatehouse.as('rita', 'reviewer'), 'img-1', 'unsafe');
  const golden = { imageId: 'golden-1', verdict: 'safe', categories: [] };
  expect((await lena.post('/v1/golden-cases', golden)).status).toBe(200);
  await settle();
  const until = '2099-01-01T00:00:00Z';
  await administrator.post('/v1/rollout/proposals', { changeId: 'r-2', perWeek: 11, reason: 'a test' });
  const plan = (perWeek: number) =>
    administrator.put('/v1/rollout/rate', { perWeek, reason: 'a test', effectiveAt: until });
  await plan(7);
  const planned = (await plan(8)).body.position;
  const plannedId = (await administrator.get('/v1/rollout')).body.planned[0].changeId;
  await administrator.put('/v1/rollout/rate', { perWeek: 5 });
  const steps = [{ perWeek: 6, afterDays: 7, mode: 'confirmed' }];
  await administrator.put('/v1/rollout/ramp', { steps, reason: 'a test' });
  const { planId } = (await administrator.get('/v1/rollout')).body.ramp;
  const account = `/v1/accounts/${accountId}`;
  // In this order: each changes something.
  edits = [
    ['POST /v1/policy', { path: '/v1/policy', shown: '/v1/policy', body: { version: '2' } }],
    [
      'POST /v1/policy/withdrawals',
      { path: '/v1/policy/withdrawals', shown: '/v1/policy', body: { version: '2', reason: 'a test' } },
    ],
    [
      'POST /v1/accounts/:id/suspension',
      { path: `${account}/suspension`, shown: account, body: { until, reason: 'spam' } },
    ],
    [
      'POST /v1/accounts/:id/restriction',
      { path: `${account}/restriction`, shown: account, body: { action: 'share', until, reason: 'spam' } },
    ],
    [
      'POST /v1/accounts/:id/deactivation',
      { path: `${account}/deactivation`, shown: account, body: { reason: 'spam' } },
    ],
    [
      'POST /v1/accounts/:id/reinstatement',
      { path: `${account}/reinstatement`, shown: account, body: { reason: 'appeal-granted' } },
    ],
    [
      'PUT /v1/accounts/:id/address',
      { path: `${account}/address`, shown: account, body: { email: 'ada@example.com' } },
    ],
    [
      'POST /v1/images/:id/restoration',
      { path: '/v1/images/img-1/restoration', shown: '/v1/images/img-1', body: { reason: 'appeal-granted' } },
    ],
    ['PUT /v1/enforcement-targets/:name', { path: TARGET, shown: TARGET, body: terms }],
    ['DELETE /v1/enforcement-targets/:name', { path: TARGET + WHY, shown: TARGET }],
    [
      'PUT /v1/enforcement-ladder',
      {
        ...{ path: '/v1/enforcement-ladder', shown: '/v1/enforcement-ladder' },
        body: { entries: [{ steps: [{ strikes: 1, measure: 'strike' }] }], reason: 'a test' },
      },
    ],
    [
      'PUT /v1/statement-mapping',
      {
        ...{ path: '/v1/statement-mapping', shown: '/v1/statement-mapping' },
        body: {
          entries: [{ category: 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD', ground: 'terms', explanation: 'a test' }],
          reason: 'a test',
        },
      },
    ],
    [
      'PUT /v1/authority-orders/:id',
      {
        ...{ path: '/v1/authority-orders/order-1', shown: RECORDS },
        body: { kind: 'inform', country: 'DE', receivedAt: '2022-05-18T09:00:00Z', reason: 'a test' },
      },
    ],
    [
      'PUT /v1/disputes/:id',
      {
        ...{ path: '/v1/disputes/dispute-1', shown: RECORDS },
        body: { submittedAt: '2022-05-18T09:00:00Z', reason: 'a test' },
      },
    ],
    [
      'PUT /v1/trusted-flaggers/:id',
      { path: '/v1/trusted-flaggers/acc-9', shown: RECORDS, body: { reason: 'a test' } },
    ],
    ['DELETE /v1/trusted-flaggers/:id', { path: `/v1/trusted-flaggers/acc-9${WHY}`, shown: RECORDS }],
    ['PUT /v1/gate/limit', { path: '/v1/gate/limit', shown: '/v1/gate', body: { limit: 0.0003, reason: 'a test' } }],
    [
      'PUT /v1/gate/parameters',
      { path: '/v1/gate/parameters', shown: '/v1/gate', body: { labelDelayDays: 12, reason: 'a test' } },
    ],
    [
      'POST /v1/rollout/ramp/confirmations',
      { path: '/v1/rollout/ramp/confirmations', shown: '/v1/rollout', body: { planId, perWeek: 6 } },
    ],
    [
      'PUT /v1/rollout/rate',
      { path: '/v1/rollout/rate', shown: '/v1/rollout', body: { perWeek: 10, reason: 'a test' } },
    ],
    [
      'PUT /v1/rollout/ramp',
      {
        ...{ path: '/v1/rollout/ramp', shown: '/v1/rollout' },
        body: { steps: [{ perWeek: 20, afterDays: 7, mode: 'automatic' }], reason: 'a test' },
      },
    ],
    ['DELETE /v1/rollout/ramp', { path: `/v1/rollout/ramp${WHY}`, shown: '/v1/rollout' }],
    [
      'PUT /v1/rollout/plan/classes',
      {
        path: '/v1/rollout/plan/classes',
        shown: '/v1/rollout/plan',
        body: { mode: 'order', classes: [{ class: 'artists' }], reason: 'a test' },
      },
    ],
    [
      'PUT /v1/rollout/plan/schedule',
      {
        path: '/v1/rollout/plan/schedule',
        shown: '/v1/rollout/plan',
        body: { timeZone: 'UTC', days: ['monday'], hours: [9], reason: 'a test' },
      },
    ],
    ['DELETE /v1/rollout/plan/schedule', { path: `/v1/rollout/plan/schedule${WHY}`, shown: '/v1/rollout/plan' }],
    ['POST /v1/rollout/pause', { path: '/v1/rollout/pause', shown: '/v1/rollout', body: { reason: 'a test' } }],
    ['POST /v1/rollout/resume', { path: '/v1/rollout/resume', shown: '/v1/rollout' }],
    [
      'POST /v1/rollout/proposals',
      {
        ...{ path: '/v1/rollout/proposals', shown: '/v1/rollout' },
        body: { changeId: 'r-1', perWeek: 12, reason: 'a test' },
      },
    ],
    [
      'POST /v1/rollout/phase-proposals',
      {
        ...{ path: '/v1/rollout/phase-proposals', shown: '/v1/rollout' },
        body: { changeId: 'r-p', phase: 'preview', reason: 'a test' },
      },
    ],
    ['DELETE /v1/rollout/proposals/:id', { path: `/v1/rollout/proposals/r-1${WHY}`, shown: '/v1/rollout' }],
    ['POST /v1/rollout/proposals/:id/approval', { path: '/v1/rollout/proposals/r-2/approval', shown: '/v1/rollout' }],
    [
      'DELETE /v1/rollout/planned-changes/:id',
      { path: `/v1/rollout/planned-changes/${plannedId}${WHY}`, shown: '/v1/rollout' },
    ],
    [
      'POST /v1/rollout/changes/:position/revert',
      { path: `/v1/rollout/changes/${planned}/revert`, shown: '/v1/rollout', body: { reason: 'a test' } },
    ],
    [
      'PUT /v1/switches/:action',
      { path: '/v1/switches/share', shown: '/v1/switches/share', body: { reason: 'an incident' } },
    ],
    ['DELETE /v1/switches/:action', { path: `/v1/switches/share${WHY}`, shown: '/v1/switches/share' }],
    ['DELETE /v1/image-rules/:rule', { path: RULE + WHY, shown: RULE }],
    ['PUT /v1/image-rules/:rule', { path: RULE, shown: RULE, body: { reason: 'a test' } }],
    [
      'PUT /v1/queues',
      {
        ...{ path: '/v1/queues', shown: '/v1/queues' },
        body: { queues: [{ id: 'all' }], rules: [], default: 'all', patienceHours: 24, reason: 'a test' },
      },
    ],
    [
      'PUT /v1/review-sampling',
      { path: '/v1/review-sampling', shown: '/v1/review-sampling', body: { goldenPercent: 3, reason: 'a test' } },
    ],
    [
      'PUT /v1/reviewers/me/declined-categories',
      {
        ...{ path: '/v1/reviewers/me/declined-categories', shown: '/v1/reviewers/me/declined-categories' },
        body: { categories: ['violent'] },
      },
    ],
    [
      'PUT /v1/reviewers/:id/skills',
      {
        ...{ path: '/v1/reviewers/rita/skills', shown: '/v1/reviewers/rita' },
        body: { skills: ['severe'], languages: ['cy'], reason: 'trained' },
      },
    ],
    [
      'POST /v1/reviewers/:id/accounts',
      {
        ...{ path: '/v1/reviewers/rita/accounts', shown: '/v1/reviewers/rita' },
        body: { accountId: 'acc-7', reason: 'a relative' },
      },
    ],
    [
      'DELETE /v1/reviewers/:id/accounts/:accountId',
      { path: `/v1/reviewers/rita/accounts/acc-7${WHY}`, shown: '/v1/reviewers/rita' },
    ],
    [
      'PUT /v1/severe-viewers/:id',
      { path: '/v1/severe-viewers/lena', shown: '/v1/severe-viewers', body: { reason: 'trained' } },
    ],
    ['DELETE /v1/severe-viewers/:id', { path: `/v1/severe-viewers/lena${WHY}`, shown: '/v1/severe-viewers' }],
    ['DELETE /v1/golden-cases/:id', { path: `/v1/golden-cases/golden-1${WHY}`, shown: '/v1/golden-cases/golden-1' }],
  ];
});
afterAll(async () => {
  await gatehouse.close();
  await pictures.close();
});

function send(key: string, { path, body }: Edit, etag: string): Promise<Answer> {
  const headers = { 'if-match': etag };
  if (key.startsWith('DELETE')) return lena.delete(path, headers);
  return lena[key.startsWith('PUT') ? 'put' : 'post'](path, body, headers);
}

/** The tag of what is shown; of what is not there, what a client knows of it. */
async function tagOf(shown: string): Promise<string | undefined> {
  await gatehouse.settle();
  const { status, body, headers } = await lena.get(shown);
  if (status === 404) return undefined;
  expect([shown, body.etag]).toEqual([shown, expect.stringMatching(/^"[0-9a-f]{12}-\d+"$/)]);
  expect([shown, headers.get('etag')]).toEqual([shown, body.etag]);
  return body.etag;
}

describe('every route that edits', () => {
  it('says where it is shown what it edits, or is one of those that edit nothing that people read first', () => {
    const changing = routes.filter(({ method }) => method !== 'GET');
    const declared = changing.filter((route) => editsOf(handlerOf(route)) !== undefined).map(keyOf);
    const others = changing.filter((route) => editsOf(handlerOf(route)) === undefined).map(keyOf);
    expect(others.sort()).toEqual(Object.keys(EXCEPTIONS).sort());
    expect(declared.sort()).toEqual(edits.map(([key]) => key).sort());
    const paths = routes.filter(({ method }) => method === 'GET').map(({ path }) => path);
    for (const route of changing) {
      const shownAt = editsOf(handlerOf(route));
      if (shownAt !== undefined) expect(paths).toContain(shownAt);
    }
  });

  it('documents the header, its refusal and the tag of the answer that shows it', async () => {
    const { paths, components } = (await lena.get('/openapi.json')).body;
    const documented = (path: string) => paths[path.replaceAll(/:(\w+)/g, '{$1}')];
    for (const route of routes) {
      const shownAt = editsOf(handlerOf(route));
      if (shownAt === undefined) continue;
      const operation = documented(route.path)[route.method.toLowerCase()];
      const names = operation.parameters.map(({ name }: { name: string }) => name);
      expect([keyOf(route), names]).toEqual([keyOf(route), expect.arrayContaining(['If-Match'])]);
      expect(operation.responses['412'].description).toContain('`changed-meanwhile`');
      const shown = documented(shownAt).get.responses['200'];
      expect([shownAt, shown.headers?.ETag]).toEqual([shownAt, expect.anything()]);
      const name = shown.content['application/json'].schema.$ref.split('/').at(-1);
      expect([shownAt, components.schemas[name].required]).toEqual([shownAt, expect.arrayContaining(['etag'])]);
    }
  });

  it('refuses a change whose sender did not know the last one, and names it; then lets it through', async () => {
    for (const [key, edit] of edits) {
      const before = await tagOf(edit.shown);
      const refused = await send(key, edit, '"000000000000-1"');
      expect([key, refused.status, refused.body.type]).toEqual([key, 412, expect.stringMatching(/changed-meanwhile$/)]);
      if (before !== undefined) expect([key, refused.body.etag]).toEqual([key, before]);
      if (!refused.body.etag.endsWith('-0"'))
        expect([key, refused.body]).toEqual([
          key,
          expect.objectContaining({
            changedBy: expect.anything(),
            changedAt: expect.any(String),
            change: expect.any(String),
          }),
        ]);
      expect([key, await tagOf(edit.shown)]).toEqual([key, before]);
      const changed = await send(key, edit, refused.body.etag);
      expect([key, changed.status < 300, changed.body]).toEqual([key, true, changed.body]);
      const after = await tagOf(edit.shown);
      expect([key, after === before]).toEqual([key, false]);
      // A repeat with the old tag is no change.
      const repeated = await send(key, edit, refused.body.etag);
      expect([key, repeated.status < 300 || repeated.status === 412, await tagOf(edit.shown)]).toEqual([
        key,
        true,
        after,
      ]);
    }
  });
});
