import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import sharp from 'sharp';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { type Serve, startImageService } from '../support/image-service.js';
import { judge } from '../support/judge.js';
import { noise } from '../support/sample-pictures.js';

const LEASE_MS = 300_000;
const TOKEN = 'the-token-of-gatehouse';
let now: number;
let service: Awaited<ReturnType<typeof startImageService>>;
let serve: Serve;
let png: Buffer;
let gatehouse: TestGatehouse;
let sender: Client;
let rita: Client;
let rob: Client;
let lena: Client;
let tokens: Record<string, string>;
let cases = 0;
let id: string;

beforeAll(async () => {
  now = Date.parse('2022-05-18T09:00:00Z');
  png = await noise('png');
  service = await startImageService((request, response) => serve(request, response));
  gatehouse = await startGatehouse({
    clock: { now: () => now },
    env: {
      GATEHOUSE_CLAIM_LEASE_MS: String(LEASE_MS),
      GATEHOUSE_REVIEW_PANEL: '2',
      GATEHOUSE_IMAGE_URL: `${service.url}/{imageId}`,
      GATEHOUSE_IMAGE_TOKEN: TOKEN,
      GATEHOUSE_IMAGE_TIMEOUT_MS: '2000',
      GATEHOUSE_BREAK_REVEALS: '2',
    },
  });
  sender = await gatehouse.as('images', 'service');
  tokens = {};
  const person = async (name: string, ...roles: string[]) => {
    const { body } = await gatehouse.administrator.post('/v1/tokens', { name, roles });
    tokens[name] = body.secret;
    return client(gatehouse.url, body.secret);
  };
  rita = await person('rita', 'reviewer');
  rob = await person('rob', 'reviewer');
  lena = await person('lena', 'lead');
  const clauses = [
    { id: 'violent', title: 'No violence', severity: 2, text: 'In no form.' },
    { id: 'minors', title: 'No minors', severity: 3 },
    { id: 'hate', title: 'No hate', severity: 1 },
  ];
  await gatehouse.administrator.post('/v1/policy', { version: '2022-05-18', clauses });
});
afterAll(async () => {
  await gatehouse.close();
  await service.close();
});

beforeEach(async () => {
  serve = (request, response) => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) response.writeHead(401).end();
    else response.writeHead(200, { 'content-type': 'image/png' }).end(png);
  };
  service.asked.length = 0;
  id = await openCase(['violent']);
});

const send = (...events: [type: string, data: Record<string, unknown>][]) =>
  sender.post(
    '/v1/events',
    events.map(([type, data]) => cloudEvent(type, data)),
  );

async function openCase(
  categories: string[],
  more: Record<string, unknown> = {},
  accountId = 'acc-1',
): Promise<string> {
  const imageId = `img-${++cases}`;
  await send(
    ['ImageGenerated', { imageId, accountId, prompt: 'a secret horse', photorealistic: true }],
    ['ContentFlagged', { imageId, flaggedBy: 'acc-9', flaggerKind: 'user', categories, confidence: 0.8, ...more }],
  );
  await gatehouse.settle();
  return imageId;
}

const reveal = (reader: Client, level: string, more = {}, caseId = id) =>
  reader.post(`/v1/cases/${caseId}/reveals`, { level, reason: 'the image alone is ambiguous', ...more });
const viewed = async () =>
  (await gatehouse.administrator.get('/v1/log?stream=audit&types=ContentViewed&limit=2000')).body.events.filter(
    ({ data }: { data: { caseId: string } }) => data.caseId === id,
  );
const refusal = (status: number, code: string) => ({ status, body: { type: expect.stringMatching(`/${code}$`) } });

/** The bytes of an answer. */
async function picture(name: string, method: string, path: string, body?: object) {
  const response = await fetch(`${gatehouse.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${tokens[name]}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

describe('an image', () => {
  it('is shown to the holder of the claim, once it is stored who looks at it', async () => {
    await rita.post(`/v1/cases/${id}/claim`);
    const body = { level: 'full', reason: 'the sign is too small', token: 1 };
    const { response, bytes } = await picture('rita', 'POST', `/v1/cases/${id}/reveals`, body);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'gatehouse-claim-until': new Date(now + LEASE_MS).toISOString(),
    });
    const [raw, made] = await Promise.all([sharp(bytes).raw().toBuffer(), sharp(png).raw().toBuffer()]);
    expect(raw.equals(made)).toBe(true);
    const [view] = await viewed();
    expect(view).toMatchObject({
      data: { caseId: id, level: 'full', reason: 'the sign is too small' },
      metadata: { actor: { id: 'rita', role: 'reviewer' } },
      position: response.headers.get('gatehouse-position'),
    });
  });

  it.each(['blurred', 'grey', 'full'])('is shown to nobody else, and not fetched for them: %s', async (level) => {
    expect(await reveal(rita, level)).toMatchObject(refusal(409, 'case-not-claimed'));
    await rita.post(`/v1/cases/${id}/claim`);
    for (const other of [rob, lena, gatehouse.administrator])
      expect(await reveal(other, level)).toMatchObject(refusal(409, 'case-not-claimed'));
    expect(await reveal(rita, level, { token: 7 })).toMatchObject(refusal(409, 'claim-lost'));
    expect((await reveal(sender, level)).status).toBe(403);
    expect([await viewed(), service.asked]).toEqual([[], []]);
  });

  it('is not shown if the log can’t record it', async () => {
    await rita.post(`/v1/cases/${id}/claim`);
    const append = jest.spyOn(gatehouse.runtime.store, 'append').mockRejectedValue(new StoreUnavailable('away'));
    const answer = await reveal(rita, 'full');
    append.mockRestore();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, expect.stringContaining('problem+json')]);
  });

  it('is not recorded as viewed if it can’t be shown', async () => {
    await rita.post(`/v1/cases/${id}/claim`);
    const answers: [Serve, number, string][] = [
      [(_, response) => response.writeHead(404).end(), 404, 'image-content-unknown'],
      [
        (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
        502,
        'image-service-redirected',
      ],
      [(_, response) => response.writeHead(500).end(), 503, 'image-service-unavailable'],
      [
        (_, response) => response.writeHead(200, { 'content-type': 'image/png' }).end('<svg>'),
        502,
        'image-content-unsupported',
      ],
      [
        (_, response) => response.writeHead(200, { 'content-type': 'image/png' }).end(png.subarray(0, 999)),
        502,
        'image-content-broken',
      ],
      [() => undefined, 504, 'image-service-timeout'],
    ];
    for (const [answer, status, code] of answers) {
      serve = answer;
      expect(await reveal(rita, 'full')).toMatchObject(refusal(status, code));
    }
    expect(await viewed()).toEqual([]);
  });

  it('renews the claim, and is not shown if somebody else claimed the case meanwhile', async () => {
    await rita.post(`/v1/cases/${id}/claim`);
    now += LEASE_MS - 1;
    expect((await reveal(rita, 'prompt')).body).toMatchObject({
      prompt: 'a secret horse',
      claimUntil: new Date(now + LEASE_MS).toISOString(),
    });
    serve = async (_, response) => {
      now += LEASE_MS;
      await rob.post(`/v1/cases/${id}/claim`);
      response.writeHead(200, { 'content-type': 'image/png' }).end(png);
    };
    expect(await reveal(rita, 'full')).toMatchObject(refusal(409, 'claim-lost'));
    expect(await viewed()).toHaveLength(1);
  });
});

describe('a preview', () => {
  it('is small, and for those who review images with a case', async () => {
    const { response, bytes } = await picture('rob', 'GET', `/v1/images/${id}/preview`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/webp']);
    expect(bytes.length).toBeLessThanOrEqual(10_000);
    expect((await lena.get(`/v1/images/${id}/preview`)).status).toBe(200);
    expect(service.asked).toHaveLength(1);
    await send(['ImageGenerated', { imageId: 'unflagged', accountId: 'acc-1' }]);
    expect(await rita.get('/v1/images/unflagged/preview')).toMatchObject(refusal(404, 'case-unknown'));
    expect(await rita.get('/v1/images/..%2f..%2fetc%2fpasswd/preview')).toMatchObject(refusal(400, 'invalid-input'));
    for (const role of ['operator', 'service', 'compliance'] as const)
      expect((await (await gatehouse.as(`a-${role}`, role)).get(`/v1/images/${id}/preview`)).status).toBe(403);
  });
});

describe('a look at a preview', () => {
  const path = () => `/v1/images/${id}/preview`;
  const get = (name: string, headers: Record<string, string> = {}) =>
    fetch(`${gatehouse.url}${path()}`, { headers: { authorization: `Bearer ${tokens[name]}`, ...headers } });

  it('is stored before it is answered, and may be kept by that person’s browser alone', async () => {
    const response = await get('rob');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'private, max-age=300',
      vary: 'authorization, cookie',
      etag: expect.stringMatching(/^"[\w-]{43}"$/),
    });
    expect(await viewed()).toMatchObject([
      {
        data: { caseId: id, level: 'preview' },
        metadata: { actor: { id: 'rob', role: 'reviewer' } },
        position: response.headers.get('gatehouse-position'),
      },
    ]);
  });

  it('is no new one for who has it, but for a colleague with the same tag', async () => {
    const etag = (await get('rob')).headers.get('etag')!;
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const repeated = await get('rob', { 'if-none-match': tag });
      expect([repeated.status, await repeated.text(), repeated.headers.get('etag')]).toEqual([304, '', etag]);
    }
    expect(await viewed()).toHaveLength(1);
    expect((await get('rita', { 'if-none-match': etag })).status).toBe(200);
    expect(await viewed()).toMatchObject([
      { metadata: { actor: { id: 'rob' } } },
      { metadata: { actor: { id: 'rita' } } },
    ]);
  });

  it('is refused without a picture if the log can’t record it, and not recorded if it can’t be shown', async () => {
    await get('rita');
    const append = jest.spyOn(gatehouse.runtime.store, 'append').mockRejectedValue(new StoreUnavailable('away'));
    const answer = await get('rob');
    append.mockRestore();
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      503,
      expect.stringContaining('problem+json'),
      'no-store',
    ]);
    id = await openCase(['violent']);
    serve = (_, response) => response.writeHead(404).end();
    expect((await get('rob')).status).toBe(404);
    expect(await viewed()).toEqual([]);
  });

  it('is stored together with others that a list shows at the same time', async () => {
    const ids = [id];
    for (let n = 0; n < 11; n++) ids.push(await openCase(['violent']));
    const append = jest.spyOn(gatehouse.runtime.store, 'append');
    const answers = await Promise.all(ids.map((one) => rob.get(`/v1/images/${one}/preview`)));
    const written = append.mock.calls.flatMap(([writes]) => writes.filter(({ stream }) => stream === 'audit'));
    append.mockRestore();
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    expect(written.flatMap(({ events }) => events.map(({ data }) => data.caseId)).sort()).toEqual([...ids].sort());
    const positions = answers.map(({ headers }) => headers.get('gatehouse-position'));
    expect(new Set(positions).size).toBe(ids.length);
  });

  it('is counted by its level, not as an image that was revealed', async () => {
    const newcomer = await gatehouse.as('newcomer', 'reviewer');
    await newcomer.get(path());
    await gatehouse.settle();
    expect((await newcomer.get('/v1/reviewers/me/exposure')).body).toMatchObject({
      today: { previews: 1, blurred: 0, grey: 0, full: 0 },
      sinceBreak: null,
      breakAdvised: false,
    });
  });
});

describe('a case that names a clause of the highest severity', () => {
  const grant = (change: 'put' | 'delete') =>
    change === 'put'
      ? gatehouse.administrator.put('/v1/severe-viewers/lena', { reason: 'trained for it' })
      : gatehouse.administrator.delete('/v1/severe-viewers/lena?reason=changed%20teams');

  it('is still one if a later policy renames the clause, or has none', async () => {
    id = await openCase(['minors']);
    const refused = refusal(409, 'severe-content');
    for (const [version, clauses] of [
      ['2022-06', [{ id: 'children', title: 'No children', severity: 3 }]],
      ['2022-07', undefined],
    ] as const) {
      await gatehouse.administrator.post('/v1/policy', { version, clauses });
      expect(await rita.get(`/v1/images/${id}/preview`)).toMatchObject(refused);
    }
    const reason = 'a test';
    for (const version of ['2022-07', '2022-06'])
      expect((await gatehouse.administrator.post('/v1/policy/withdrawals', { version, reason })).status).toBe(201);
  });

  it('is claimed, and its image seen, by those alone who have the skill that administrators grant', async () => {
    id = await openCase(['minors']);
    expect(await rita.post(`/v1/cases/${id}/claim`)).toMatchObject(refusal(409, 'severe-content'));
    id = await openCase(['violent']);
    await rita.post(`/v1/cases/${id}/claim`);
    await send(['ContentFlagged', { imageId: id, flaggedBy: 'acc-8', flaggerKind: 'user', categories: ['minors'] }]);
    await gatehouse.settle();
    expect(await reveal(rita, 'blurred')).toMatchObject(refusal(409, 'severe-content'));
    expect(await rita.get(`/v1/images/${id}/preview`)).toMatchObject(refusal(409, 'severe-content'));
    expect((await rita.get(`/v1/cases/${id}/review`)).body).toMatchObject({
      severeClause: 'minors',
      levels: ['prompt', 'comments', 'notes'],
    });
    await rita.post(`/v1/cases/${id}/escalate`, { token: 1 });
    expect(await lena.post(`/v1/cases/${id}/claim`)).toMatchObject(refusal(409, 'severe-content'));
    expect((await lena.put('/v1/severe-viewers/lena', { reason: 'myself' })).status).toBe(403);
    await grant('put');
    expect((await lena.get('/v1/severe-viewers')).body.items).toMatchObject([{ person: 'lena', by: 'administrator' }]);
    expect((await lena.post(`/v1/cases/${id}/claim`)).status).toBe(200);
    expect((await lena.get(`/v1/images/${id}/preview`)).status).toBe(200);
    expect((await reveal(lena, 'grey')).status).toBe(200);
    expect(await viewed()).toMatchObject([
      { data: { level: 'preview', severeClause: 'minors' } },
      { data: { level: 'grey', severeClause: 'minors' } },
    ]);
    await grant('delete');
    expect(await reveal(lena, 'grey')).toMatchObject(refusal(409, 'severe-content'));
  });
});

describe('the review of a case', () => {
  it('has all that a verdict needs, but no words of anybody', async () => {
    await openCase(['violent'], {}, 'acc-5');
    const other = await openCase(['hate'], {}, 'acc-5');
    await judge(rita, other, 'safe');
    await judge(rob, other, 'safe');
    id = await openCase(['violent', 'hate'], { comment: 'look at the sign' }, 'acc-5');
    await gatehouse.administrator.post('/v1/accounts/acc-5/deactivation', { reason: 'operator-decision' });
    await gatehouse.settle();
    const { token } = (await rita.post(`/v1/cases/${id}/claim`)).body;
    const { status, body } = await rita.get(`/v1/cases/${id}/review`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ caseId: id, status: 'claimed', hasPrompt: true, hasComments: true, severeClause: null },
      image: { photorealistic: true, faces: null },
      categories: [
        { category: 'hate', flags: 1, confidence: 0.8 },
        { category: 'violent', flags: 1, confidence: 0.8 },
      ],
      account: {
        ...{ accountId: 'acc-5', deactivated: true, suspendedUntil: null },
        restrictions: [{ type: 'AccountDeactivated', reason: 'operator-decision' }],
        cases: { open: 1, confirmed: 0, dismissed: 1, modelProblem: 0 },
        latestCases: [{ caseId: other, status: 'dismissed' }, { status: 'open' }],
      },
      policy: {
        version: '2022-05-18',
        clauses: [
          { id: 'violent', text: 'In no form.', isNamed: true },
          { id: 'hate', isNamed: true },
          { id: 'minors', isNamed: false },
        ],
      },
      levels: ['prompt', 'comments', 'notes', 'blurred', 'grey', 'full'],
      claim: { reviewer: 'rita', token },
      verdict: null,
    });
    expect(body.account.similarCases).toHaveLength(2);
    expect(JSON.stringify(body)).not.toMatch(/horse|sign/);
    expect((await rob.get(`/v1/cases/${id}/review`)).body.claim).toMatchObject({ reviewer: 'rita', token: null });
  });

  it('shows no verdict of another before one’s own', async () => {
    await judge(rob, id, 'unsafe');
    expect((await rita.get(`/v1/cases/${id}/review`)).body).toMatchObject({ verdict: null, verdicts: [] });
    expect((await rob.get(`/v1/cases/${id}/review`)).body.verdicts).toHaveLength(1);
    await judge(rita, id, 'safe');
    expect((await rita.get(`/v1/cases/${id}/review`)).body).toMatchObject({ verdict: 'safe' });
  });

  it('is refused to those who flagged or own the image, and for no case', async () => {
    id = await openCase(['violent'], { flaggedBy: 'rob' }, 'rita');
    expect(await rob.get(`/v1/cases/${id}/review`)).toMatchObject(refusal(409, 'own-flag'));
    expect(await rita.get(`/v1/cases/${id}/review`)).toMatchObject(refusal(409, 'own-image'));
    expect(await rita.get('/v1/cases/img-none/review')).toMatchObject(refusal(404, 'case-unknown'));
  });

  it('is refused like a reveal to who has flagged a moment ago, and knows the clause that a flag just named', async () => {
    const flag = { imageId: id, flaggerKind: 'user', categories: ['minors'] };
    await send(['ContentFlagged', { ...flag, flaggedBy: 'rob' }]);
    expect(await rob.get(`/v1/cases/${id}/review`)).toMatchObject(refusal(409, 'own-flag'));
    expect((await rita.get(`/v1/cases/${id}/review`)).body).toMatchObject({
      severeClause: 'minors',
      levels: ['prompt', 'comments', 'notes'],
    });
    expect(await rita.get(`/v1/images/${id}/preview`)).toMatchObject(refusal(409, 'severe-content'));
  });
});

describe('exposure', () => {
  it('is counted for the reviewer alone, as sums for leads, and leads to advice', async () => {
    const day = 86_400_000;
    now += day;
    const own = async () => (await rob.get('/v1/reviewers/me/exposure')).body;
    await rob.post(`/v1/cases/${id}/claim`);
    const first = await picture('rob', 'POST', `/v1/cases/${id}/reveals`, { level: 'full', reason: 'r' });
    expect(first.response.headers.get('gatehouse-break-advised')).toBe('false');
    await gatehouse.settle();
    const second = await picture('rob', 'POST', `/v1/cases/${id}/reveals`, { level: 'full', reason: 'r' });
    expect(second.response.headers.get('gatehouse-break-advised')).toBe('true');
    expect((await reveal(rob, 'comments')).status).toBe(200);
    await gatehouse.settle();
    expect(await own()).toMatchObject({
      ...{ reviewer: 'rob', breakAdvised: true, breakAfterMinutes: 50, breakAfterReveals: 2 },
      today: { comments: 1, full: 2, breaks: 0 },
      sinceBreak: { full: 2 },
    });
    expect((await rob.post('/v1/reviewers/me/breaks')).status).toBe(200);
    await gatehouse.settle();
    expect(await own()).toMatchObject({ breakAdvised: false, sinceBreak: null, today: { full: 2, breaks: 1 } });
    const sums = async () => (await lena.get('/v1/metrics/exposure')).body.days;
    const today = new Date(now).toISOString().slice(0, 10);
    for (const reader of [rita, lena]) {
      expect(await sums()).not.toContainEqual(expect.objectContaining({ day: today }));
      await reader.post('/v1/reviewers/me/breaks');
      await gatehouse.settle();
    }
    expect(await sums()).toContainEqual(
      expect.objectContaining({ day: today, reviewers: 3, full: 2, comments: 1, breaks: 3 }),
    );
    expect((await rita.get('/v1/metrics/exposure')).status).toBe(403);
  });
});

describe('the command line', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-content-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('shows the review of a case, its texts and its image in a file of one’s own', async () => {
    const cli = commandLineFor({ url: gatehouse.url, token: tokens.rita! });
    await rita.post(`/v1/cases/${id}/claim`);
    expect((await cli.run('case', 'review', id)).stdout).toMatch(/violent.*0\.8[\s\S]*No violence/);
    const why = ['--reason', 'the image alone is ambiguous'];
    expect((await cli.run('case', 'reveal', id, 'prompt', ...why)).stdout).toContain('a secret horse');
    const out = join(directory, 'image.png');
    expect(await cli.run('case', 'reveal', id, 'full', ...why, '--out', out)).toMatchObject({ code: 0 });
    expect((await readFile(out)).subarray(1, 4).toString()).toBe('PNG');
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const before = (await viewed()).length;
    expect((await cli.run('case', 'reveal', id, 'full', ...why, '--out', out)).stderr).toContain('name another file');
    expect(await viewed()).toHaveLength(before);
    serve = (_, response) => response.writeHead(404).end();
    const missing = join(directory, 'missing.png');
    expect((await cli.run('case', 'reveal', id, 'full', ...why, '--out', missing)).code).not.toBe(0);
    await expect(stat(missing)).rejects.toMatchObject({ code: 'ENOENT' });
    serve = (_, response) => response.writeHead(200, { 'content-type': 'image/png' }).end(png);
    expect((await cli.run('case', 'reveal', id, 'full', ...why)).stderr).toContain('--out');
    const preview = join(directory, 'preview.webp');
    expect(await cli.run('image', 'preview', id, '--out', preview)).toMatchObject({ code: 0 });
    expect((await stat(preview)).size).toBeLessThanOrEqual(10_000);
    await gatehouse.settle();
    expect((await cli.run('reviewer', 'exposure')).stdout).toMatch(/today/);
    expect(await cli.run('reviewer', 'break')).toMatchObject({ code: 0 });
  });

  it('grants, lists and revokes who may look at the most severe images, and shows the sums', async () => {
    const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
    expect(await cli.run('reviewer', 'grant-severe', 'lena', '--reason', 'trained')).toMatchObject({ code: 0 });
    expect((await cli.run('reviewer', 'severe-viewers')).stdout).toMatch(/lena.*trained/);
    expect(await cli.run('reviewer', 'revoke-severe', 'lena', '--reason', 'moved')).toMatchObject({ code: 0 });
    expect((await cli.run('reviewer', 'severe-viewers')).stdout).toContain('nobody may');
    expect((await cli.run('reviewer', 'exposure-sums')).stdout).toMatch(/2022-05-19/);
  });
});
