import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

/*
 * The certification scenario of the AuthZEN Authorization API 1.0, levels Basic, Batch and Discovery, with our subjects: Alice
 * has access, Bob only waits. Properties of subjects and actions are accepted and decide nothing here, so of the sub-levels
 * "Properties" only the rules about resources apply. There is no search, which discovery says by leaving its endpoints out.
 */

const PUBLIC_URL = 'https://gate.example.org/gatehouse';
const EVALUATION = '/access/v1/evaluation';
const EVALUATIONS = '/access/v1/evaluations';

let gatehouse: TestGatehouse;
let service: Client;
let alice: { type: 'account'; id: string };
let bob: { type: 'account'; id: string };
const generate = { name: 'generate' };
const join = { name: 'join' };
const share = { name: 'share' };
const images = { type: 'product', id: 'images' };
const face = { type: 'image', id: 'img-face', properties: { photorealistic: true, faces: true } };
const drawing = { type: 'image', id: 'img-drawing', properties: { photorealistic: false } };

beforeAll(async () => {
  gatehouse = await startGatehouse({
    env: { GATEHOUSE_PUBLIC_URL: `${PUBLIC_URL}/`, GATEHOUSE_UNKNOWN_IMAGE_FACTS: 'allow' },
  });
  const { administrator } = gatehouse;
  service = await gatehouse.as('image-service', 'service');
  const account = async (name: string) => {
    const { body } = await administrator.post('/v1/waitlist', { email: `${name}@example.org` });
    return { type: 'account', id: body.accountId } as const;
  };
  alice = await account('alice');
  bob = await account('bob');
  await administrator.post('/v1/policy', { version: '1' });
  await administrator.put('/v1/rollout/rate', { perWeek: 10 });
  await administrator.post('/v1/cohorts', { accounts: [alice.id] });
  await gatehouse.settle();
  await administrator.post(`/v1/accounts/${alice.id}/policy-acceptance`, { version: '1' });
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

const decided = async (question: object): Promise<boolean> => {
  const { status, body } = await service.post(EVALUATION, question);
  expect([status, body]).toEqual([200, { decision: expect.any(Boolean), context: expect.any(Object) }]);
  return body.decision;
};
const decisions = async (batch: object): Promise<boolean[]> => {
  const { status, body } = await service.post(EVALUATIONS, batch);
  expect([status, Object.keys(body)]).toEqual([200, ['evaluations']]);
  return body.evaluations.map(({ decision }: { decision: boolean }) => decision);
};

/** Without the headers that fetch adds. */
async function raw(path: string, body: string, headers: Record<string, string>) {
  const authorization = `Bearer ${gatehouse.administratorToken}`;
  const asked = request(new URL(path, gatehouse.url), { method: 'POST', headers: { authorization, ...headers } });
  const [answer] = (await once(asked.end(body), 'response')) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(await text(answer)) };
}

describe('one evaluation', () => {
  it('permits and denies, also with a context, properties or members that nobody knows', async () => {
    const asked = { subject: alice, action: generate, resource: images };
    expect(await decided(asked)).toBe(true);
    expect(await decided({ ...asked, subject: bob })).toBe(false);
    expect(await decided({ ...asked, subject: bob, action: join })).toBe(true);
    expect(await decided({ ...asked, context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' } })).toBe(true);
    const properties = { department: 'Sales', nested: { deep: [1] } };
    const described = {
      subject: { ...alice, properties },
      action: { ...generate, properties: { method: 'GET' } },
      resource: { ...images, properties: { status: 'active', owner: 'bob' } },
    };
    expect(await decided(described)).toBe(true);
    expect(await decided({ ...asked, foo: 'bar', futureField: { nested: true } })).toBe(true);
  });

  it('evaluates the properties of the resource, and gives the same decision each time', async () => {
    for (let n = 0; n < 3; n++) {
      expect(await decided({ subject: alice, action: share, resource: drawing })).toBe(true);
      expect(await decided({ subject: alice, action: share, resource: face })).toBe(false);
    }
  });

  const valid = { subject: { type: 'account', id: 'a' }, action: { name: 'generate' }, resource: images };
  it.each<[string, object, string[]]>([
    ['no subject', { subject: undefined }, ['/subject/type', '/subject/id']],
    ['no action', { action: undefined }, ['/action/name']],
    ['no resource', { resource: undefined }, ['/resource/type', '/resource/id']],
    ['a subject without its type', { subject: { id: 'a' } }, ['/subject/type']],
    ['a subject without its id', { subject: { type: 'account' } }, ['/subject/id']],
    ['an action without its name', { action: {} }, ['/action/name']],
    ['a resource without its type', { resource: { id: 'x' } }, ['/resource/type']],
    ['a resource without its id', { resource: { type: 'product' } }, ['/resource/id']],
    ['a string as its subject', { subject: 'alice' }, ['/subject', '/subject/type', '/subject/id']],
    ['a number as the action', { action: { name: 123 } }, ['/action/name']],
    ['a string as its context', { context: 'now' }, ['/context']],
    ['null as its context', { context: null }, ['/context']],
    ['a list as its context', { context: [] }, ['/context']],
    [
      'properties that are a string',
      { subject: { type: 'account', id: 'a', properties: 'x' } },
      ['/subject/properties'],
    ],
    ['properties that are a list', { action: { name: 'generate', properties: [] } }, ['/action/properties']],
    ['properties that are null', { resource: { ...images, properties: null } }, ['/resource/properties']],
    [
      'facts of an image that are strings',
      { resource: { ...images, properties: { photorealistic: 'true', faces: 1 } } },
      ['/resource/properties/photorealistic', '/resource/properties/faces'],
    ],
  ])('is refused with %s, and names the field', async (_, change, fields) => {
    for (const path of [EVALUATION, EVALUATIONS]) {
      const { status, body } = await service.post(path, { ...valid, ...change });
      expect([path, status, body.errors.map(({ field }: { field: string }) => field)]).toEqual([path, 400, fields]);
    }
  });

  it('is refused with 400 if its body is no JSON object, or is of another type', async () => {
    const json = JSON.stringify(valid);
    for (const path of [EVALUATION, EVALUATIONS]) {
      for (const [body, type] of [
        ['{"subject"', 'application/json'],
        ['', 'application/json'],
        ['[]', 'application/json'],
        [json, 'text/plain'],
        [json, 'application/xml'],
        [json, 'application/cloudevents+json'],
        [json, ';;;'],
        [json, undefined],
      ]) {
        const { status, body: problem } = await raw(path, body!, type === undefined ? {} : { 'content-type': type });
        expect([path, body, type, status, problem.status]).toEqual([path, body, type, 400, 400]);
      }
    }
  });
});

describe('a batch', () => {
  it('answers each in order, with the fields of the top level as defaults', async () => {
    const evaluations = [{ action: join }, { action: generate }];
    expect(await decisions({ subject: bob, resource: images, evaluations })).toEqual([true, false]);
    expect(
      await decisions({ evaluations: evaluations.map((one) => ({ ...one, subject: bob, resource: images })) }),
    ).toEqual([true, false]);
    const own = { time: '2025-06-27T19:00-07:00', source: 'batch-override' };
    const inherited = { subject: alice, action: generate, context: { time: '2025-06-27T18:03-07:00' } };
    expect(
      await decisions({ ...inherited, evaluations: [{ resource: images }, { resource: images, context: own }] }),
    ).toEqual([true, true]);
  });

  it('takes the type, id or name that an evaluation lacks from the default, but not its properties', async () => {
    const { type, properties } = face;
    const evaluations = [{ resource: { id: 'img-1', properties } }, { resource: { id: 'img-2' } }, {}];
    const resource = { type, id: 'img-3', properties };
    expect(await decisions({ subject: alice, action: share, resource, evaluations })).toEqual([false, true, false]);
    const others = [{ subject: { id: bob.id } }, { action: { properties: {} } }];
    const shared = { subject: alice, action: generate, resource: images };
    expect(await decisions({ ...shared, evaluations: others })).toEqual([false, true]);
  });

  it('denies an evaluation that is incomplete with its error in its place, and answers the others', async () => {
    const evaluations = [{ resource: images }, {}, 'x', { resource: images, context: 7 }, { resource: images }];
    const { status, body } = await service.post(EVALUATIONS, { subject: alice, action: generate, evaluations });
    const invalid = (message: string) => ({
      decision: false,
      context: {
        reason: 'evaluation-invalid',
        position: expect.any(String),
        error: { status: 400, message: expect.stringContaining(message) },
      },
    });
    const permitted = { decision: true, context: { position: expect.any(String) } };
    expect([status, body.evaluations]).toEqual([
      200,
      [
        permitted,
        invalid('/evaluations/1/resource/type must'),
        invalid('/evaluations/2 must be an object'),
        invalid('/evaluations/3/context must be an object'),
        permitted,
      ],
    ]);
  });

  it('ends at an incomplete evaluation if it ends at the first deny', async () => {
    const evaluations = [{ resource: images }, {}, { resource: images }];
    const batch = (evaluations_semantic: string) =>
      decisions({ subject: alice, action: generate, options: { evaluations_semantic }, evaluations });
    expect(await batch('deny_on_first_deny')).toEqual([true, false]);
    expect(await batch('permit_on_first_permit')).toEqual([true]);
    expect(await batch('execute_all')).toEqual([true, false, true]);
  });

  it.each<[string, object, string]>([
    ['options that are a string', { options: 'execute_all' }, '/options'],
    ['options that are null', { options: null }, '/options'],
    ['an unknown semantic', { options: { evaluations_semantic: 'any' } }, '/options/evaluations_semantic'],
    ['a default that is a string', { subject: 'alice' }, '/subject'],
    ['a default context that is a list', { context: [] }, '/context'],
    ['evaluations that are an object', { evaluations: {} }, '/evaluations'],
  ])('is refused as a whole with %s', async (_, change, field) => {
    const { status, body } = await service.post(EVALUATIONS, { evaluations: [{}], ...change });
    expect([status, body.errors.map((one: { field: string }) => one.field)]).toEqual([400, [field]]);
  });

  it('is one question without evaluations', async () => {
    for (const evaluations of [undefined, []]) {
      const { body } = await service.post(EVALUATIONS, {
        subject: alice,
        action: generate,
        resource: images,
        evaluations,
      });
      expect(body).toMatchObject({ decision: true });
    }
  });
});

it('returns the id of a request, whatever the answer, and none for a request without one', async () => {
  const requestId = 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716';
  const asked = { subject: alice, action: generate, resource: images };
  for (const [path, body, status] of [
    [EVALUATION, asked, 200], // twice: answered ahead of the route once the token is known
    [EVALUATION, asked, 200],
    [EVALUATION, {}, 400],
    [EVALUATIONS, { ...asked, evaluations: [{}] }, 200],
    ['/v1/nowhere', {}, 404],
  ] as const) {
    const json = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(json)) };
    const answer = await raw(path, json, { ...headers, 'x-request-id': requestId });
    expect([path, answer.status, answer.headers['x-request-id']]).toEqual([path, status, requestId]);
    expect((await raw(path, json, headers)).headers).not.toHaveProperty('x-request-id');
  }
});

it('names its endpoints by the public URL, whatever host a request names', async () => {
  const expected = {
    policy_decision_point: PUBLIC_URL,
    access_evaluation_endpoint: `${PUBLIC_URL}${EVALUATION}`,
    access_evaluations_endpoint: `${PUBLIC_URL}${EVALUATIONS}`,
  };
  const headers = { host: 'elsewhere.example', 'x-forwarded-host': 'elsewhere.example', 'x-forwarded-proto': 'ftp' };
  const url = new URL('/.well-known/authzen-configuration', gatehouse.url);
  const discovered = async (at: URL) => {
    const [answer] = (await once(request(at, { headers }).end(), 'response')) as [IncomingMessage];
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    return JSON.parse(await text(answer));
  };
  expect(await discovered(url)).toEqual(expected);
  const beside = await gatehouse.beside({ env: { GATEHOUSE_PUBLIC_URL: '' } });
  try {
    const there = await discovered(new URL(url.pathname, beside.url));
    expect(there.policy_decision_point).toBe(new URL(beside.url).origin);
  } finally {
    await beside.close();
  }
});
