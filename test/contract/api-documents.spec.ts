import { Parser } from '@asyncapi/parser';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { catalogue } from '../../apps/composition/catalogue.js';
import { outgoingExample } from '../../libs/events/cloud-event-schemas.js';
import { DeclaredRoutes } from '../../libs/http/credentials/declared-routes.js';
import { rolesOf } from '../../libs/http/credentials/route-access.js';
import { readCloudEvent } from '../../libs/ingest/incoming-event.js';
import { Ingest } from '../../libs/ingest/ingest.js';
import { messageOf } from '../../libs/kafka/binding.js';
import { MAX_ID_LENGTH } from '../../libs/kernel/text-forms.js';
import {
  type Answer,
  type Client,
  client,
  cloudEvent,
  startGatehouse,
  type TestGatehouse,
} from '../support/gatehouse.js';
import { FOUNDED } from '../support/judge.js';

// biome-ignore lint/suspicious/noExplicitAny: documents have no types here
type Json = any;

interface DocumentedOperation {
  key: string;
  operation: Json;
}

describe('the documents of the interfaces', () => {
  let gatehouse: TestGatehouse;
  let anybody: Client;
  let openApi: Json;
  let asyncApi: Json;
  let ajv: Ajv2020;

  beforeAll(async () => {
    gatehouse = await startGatehouse();
    anybody = await gatehouse.as('anybody');
    openApi = (await anybody.get('/openapi.json')).body;
    asyncApi = (await anybody.get('/asyncapi.json')).body;
    ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addSchema({ $id: 'openapi', ...openApi });
  });
  afterAll(() => gatehouse.close());

  const operations = (): DocumentedOperation[] =>
    Object.entries<Json>(openApi.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([verb, operation]) => ({ key: `${verb.toUpperCase()} ${path}`, operation })),
    );

  /** The faults of a value, empty if there are none. `schema` may refer to the components. */
  const faults = (schema: Json, value: unknown): string[] => {
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/'));
    const validate = ajv.compile(absolute);
    return validate(value) ? [] : validate.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`);
  };

  describe('OpenAPI', () => {
    it('is valid OpenAPI 3.1', async () => {
      const result = await new Validator().validate(structuredClone(openApi));
      expect(result).toMatchObject({ valid: true });
      expect(openApi.openapi).toMatch(/^3\.1\./);
    });

    it('has exactly the declared routes', () => {
      const routes = gatehouse.app.get(DeclaredRoutes).all();
      const declared = routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
      expect(
        operations()
          .map(({ key }) => key)
          .sort(),
      ).toEqual(declared.sort());
    });

    it('names the roles of each operation as the guard enforces them', () => {
      for (const { method, path, access } of gatehouse.app.get(DeclaredRoutes).all()) {
        const operation = openApi.paths[path.replace(/:(\w+)/g, '{$1}')][method.toLowerCase()];
        const roles = rolesOf(access) ?? [];
        expect([path, operation['x-gatehouse-roles']]).toEqual([path, roles]);
        if (roles.length > 0) expect(operation.description).toContain(`Roles: ${roles.join(', ')}.`);
        expect([path, operation.security.some((one: Json) => Object.keys(one).length === 0)]).toEqual([
          path,
          access.kind !== 'roles',
        ]);
      }
    });

    it('describes every operation, its parameters and fields, a success and its problems', () => {
      for (const { key, operation } of operations()) {
        expect([key, operation.summary]).toEqual([key, expect.stringMatching(/^[A-Z].*[^.]$/)]);
        const statuses = Object.keys(operation.responses);
        expect([key, statuses.some((status) => /^2/.test(status))]).toEqual([key, true]);
        expect(operation.responses.default.content['application/problem+json'].schema).toEqual({
          $ref: '#/components/schemas/Problem',
        });
        for (const { name, description } of operation.parameters) {
          expect([key, name, description]).toEqual([key, name, expect.stringMatching(/\S/)]);
        }
        const body = operation.requestBody?.content['application/json'].schema;
        if (!body?.$ref) continue;
        const { properties = {} } = openApi.components.schemas[body.$ref.split('/').pop()];
        for (const [name, { description }] of Object.entries<Json>(properties)) {
          if (key.includes('/access/')) continue; // AuthZEN defines these names
          expect([key, name, description]).toEqual([key, name, expect.stringMatching(/\S/)]);
        }
      }
    });

    it('gives each operation a unique id', () => {
      const ids = operations().map(({ operation }) => operation.operationId);
      expect(new Set(ids).size).toBe(ids.length);
    });

    it('has only examples that their schemas accept', () => {
      let examples = 0;
      for (const { key, operation } of operations()) {
        const contents = [operation.requestBody, ...Object.values<Json>(operation.responses)].flatMap((part) =>
          Object.values<Json>(part?.content ?? {}),
        );
        for (const { schema, example } of contents) {
          if (example === undefined) continue;
          examples += 1;
          expect([key, faults(schema, example)]).toEqual([key, []]);
        }
      }
      expect(examples).toBeGreaterThan(30);
    });

    it('has schemas that refuse invalid values', () => {
      const rate = { $ref: '#/components/schemas/SetRateBody' };
      expect(faults(rate, { perWeek: -1 })).toEqual(['/perWeek must be >= 0']);
      expect(faults(rate, { perWeek: 1, unheardOf: 1 })).toHaveLength(1);
      expect(faults({ $ref: '#/components/schemas/Written' }, {})).toHaveLength(1);
    });
  });

  describe('the answers of the routes', () => {
    const check = (key: string, answer: Answer): void => {
      const { operation } = operations().find((one) => one.key === key)!;
      const content = operation.responses[answer.status]?.content ?? operation.responses.default.content;
      const schema = Object.values<Json>(content)[0].schema;
      expect([key, answer.status, faults(schema, answer.body)]).toEqual([key, answer.status, []]);
    };

    it('match their documentation, for each of the main routes', async () => {
      const { administrator } = gatehouse;
      const send = async (method: 'get' | 'post' | 'put' | 'delete', path: string, body?: unknown, template = path) => {
        const answer = await administrator[method](path, body as never);
        check(`${method.toUpperCase()} ${template.split('?')[0]}`, answer);
        return answer.body;
      };
      await send('post', '/v1/policy', { version: '2022-05-18', url: 'https://example.org/policy' });
      await send('get', '/v1/policy');
      await send('put', '/v1/switches/download', { reason: 'an incident' }, '/v1/switches/{action}');
      await send('get', '/v1/switches');
      await send('delete', '/v1/switches/download?reason=over', undefined, '/v1/switches/{action}');
      await send('get', '/v1/switches/download', undefined, '/v1/switches/{action}');
      const rule = '/v1/image-rules/{rule}';
      await send('put', '/v1/image-rules/photorealistic-faces', { reason: 'the preview begins' }, rule);
      await send('get', '/v1/image-rules');
      const target = '/v1/enforcement-targets/{name}';
      const terms = { consequences: ['deactivate'], deadlineSeconds: 60, retrySeconds: 60, reason: 'sessions' };
      await send('put', '/v1/enforcement-targets/session-service', terms, target);
      await send('get', '/v1/enforcement-targets');
      await send('get', '/v1/enforcement-targets/session-service', undefined, target);
      await send('delete', '/v1/image-rules/photorealistic-faces?reason=over', undefined, rule);
      await send('get', '/v1/image-rules/photorealistic-faces', undefined, rule);
      const { accountId } = await send('post', '/v1/waitlist', { email: 'ada@example.org' });
      const account = (path = '') => `/v1/accounts/${accountId}${path}`;
      await gatehouse.settle();
      await send('get', '/v1/waitlist');
      await send('put', '/v1/rollout/rate', { perWeek: 1000 });
      await send('post', '/v1/cohorts', { cohortId: 'first', size: 1 });
      await gatehouse.settle();
      await send('get', '/v1/rollout');
      await send('get', '/v1/cohorts');
      await send('get', '/v1/cohorts/first', undefined, '/v1/cohorts/{id}');
      await send(
        'post',
        account('/policy-acceptance'),
        { version: '2022-05-18' },
        '/v1/accounts/{id}/policy-acceptance',
      );
      await send('get', account(), undefined, '/v1/accounts/{id}');
      const generated = cloudEvent('ImageGenerated', { imageId: 'img-1', accountId, prompt: 'a horse' });
      const shared = cloudEvent('ImageShared', { imageId: 'img-1', accountId });
      const flag = { imageId: 'img-1', flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] };
      const longest = cloudEvent('ImageShared', { imageId: 'x'.repeat(MAX_ID_LENGTH), accountId });
      await send('post', '/v1/events', [
        generated,
        shared,
        longest,
        cloudEvent('ContentFlagged', flag),
        { id: 'wrong' },
      ]);
      await gatehouse.settle();
      await send('get', '/v1/images/img-1', undefined, '/v1/images/{id}');
      await send('get', '/v1/cases');
      await send('post', '/v1/cases/img-1/claim', undefined, '/v1/cases/{id}/claim');
      await send('get', '/v1/cases/img-1', undefined, '/v1/cases/{id}');
      await send('put', '/v1/cases/img-1/claim', { token: 1 }, '/v1/cases/{id}/claim');
      await send(
        'post',
        '/v1/cases/img-1/verdicts',
        { token: 1, verdict: 'unsafe', ...FOUNDED },
        '/v1/cases/{id}/verdicts',
      );
      await gatehouse.settle();
      const enforcement = (path = '') => `/v1/enforcements/{id}${path}`;
      const acknowledged = { target: 'session-service' };
      await send('post', '/v1/enforcements/img-1/redelivery', { reason: 'restored' }, enforcement('/redelivery'));
      await send('post', '/v1/enforcements/img-1/acknowledgements', acknowledged, enforcement('/acknowledgements'));
      await send('get', '/v1/enforcements/img-1', undefined, enforcement());
      await send('get', `/v1/enforcements?account=${accountId}`, undefined, '/v1/enforcements');
      await send('delete', '/v1/enforcement-targets/session-service?reason=over', undefined, target);
      const question = { subject: { type: 'account', id: accountId }, resource: { type: 'image', id: 'img-1' } };
      await send('post', '/access/v1/evaluation', { ...question, action: { name: 'generate' } });
      await send('post', '/access/v1/evaluations', { ...question, evaluations: [{ action: { name: 'share' } }] });
      await send('get', '/.well-known/authzen-configuration');
      await send('get', '/v1/safety/metrics?by=day');
      await send('get', '/v1/metrics/model-problems');
      await send('get', '/v1/metrics/model-problems/images');
      await send('get', '/v1/metrics/restricted-images');
      await send('get', '/v1/metrics/reviewers');
      await send('get', '/v1/metrics/disregarded-decisions');
      await send('get', '/v1/metrics/deactivation-latency');
      await send('get', '/v1/events');
      await send('get', '/v1/log');
      const { items } = await send('get', '/v1/quarantine');
      await send('get', `/v1/quarantine/${items[0].id}`, undefined, '/v1/quarantine/{id}');
      await send('post', `/v1/quarantine/${items[0].id}/replay`, undefined, '/v1/quarantine/{id}/replay');
      await send('get', '/v1/views');
      const { id } = await send('post', '/v1/views/verify', { views: ['cases'] });
      await send('get', `/v1/views/jobs/${id}`, undefined, '/v1/views/jobs/{id}');
      const token = await send('post', '/v1/tokens', { name: 'image-service', roles: ['service'] });
      await send('get', '/v1/tokens');
      await send('delete', `/v1/tokens/${token.id}`, undefined, '/v1/tokens/{id}');
      await send('post', account('/reinstatement'), { reason: 'appeal-granted' }, '/v1/accounts/{id}/reinstatement');
      await send('get', '/v1/status');
      await send('get', '/health/ready');
    });

    it('match the documented problem on an error', async () => {
      const { administrator } = gatehouse;
      check('PUT /v1/rollout/rate', await administrator.put('/v1/rollout/rate', { perWeek: -1, more: 1 }));
      check('GET /v1/accounts/{id}', await administrator.get('/v1/accounts/nobody'));
      check('GET /v1/status', await anybody.get('/v1/status'));
    });

    it('name a refusal by its status and code', async () => {
      const { administrator } = gatehouse;
      const named = (key: string, { status, body }: Answer) => {
        const { operation } = operations().find((one) => one.key === key)!;
        const code = body.type.split('/').at(-1);
        expect([key, operation.responses[status]?.description]).toEqual([key, expect.stringContaining(`\`${code}\``)]);
      };
      const after = 10 ** 12;
      named('GET /v1/events', await administrator.get(`/v1/events?after=${after}`));
      named('GET /v1/log', await administrator.get(`/v1/log?after=${after}`));
      named('GET /v1/accounts/{id}', await administrator.get(`/v1/accounts/acc-1?asOf=${after}`));
      const question = { action: { name: 'generate' }, resource: { type: 'image', id: 'img-1' } };
      const asked = {
        ...question,
        subject: { type: 'account', id: 'acc-1' },
        context: { minPosition: `${'0'.repeat(12)}-1` },
      };
      for (const path of ['/access/v1/evaluation', '/access/v1/evaluations'])
        named(`POST ${path}`, await administrator.post(path, asked));

      const hurried = await gatehouse.beside({ env: { GATEHOUSE_DECISION_WAIT_MS: '0' } });
      try {
        const hasty = client(hurried.url, gatehouse.administratorToken);
        await administrator.post('/v1/waitlist', { email: 'ben@example.org' });
        named('POST /v1/cohorts', await hasty.post('/v1/cohorts', {}));
      } finally {
        await hurried.close();
      }
    });
  });

  describe('AsyncAPI', () => {
    it('is valid AsyncAPI 3', async () => {
      const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApi));
      expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([]);
      expect(document?.version()).toBe('3.0.0');
    });

    it('has a message for each event that the API accepts, and for each event of the contract on the feed', () => {
      const { accepts } = gatehouse.app.get(Ingest);
      const names = (channel: string) => Object.keys(asyncApi.channels[channel].messages).sort();
      const types = (some: typeof catalogue.events) => some.map(({ type }) => type).sort();
      expect(names('eventsIn')).toEqual(types(catalogue.events.filter(accepts)));
      expect(types(catalogue.events.filter(catalogue.accepts))).toEqual(types(catalogue.events.filter(accepts)));
      expect(names('eventsOut')).toEqual(types(catalogue.outgoing));
    });

    it('accepts personal fields and never sends them', () => {
      for (const { type, personal } of catalogue.events) {
        const out = asyncApi.components.messages[`${type}Out`]?.payload.properties.data.properties;
        const into = asyncApi.components.messages[`${type}In`]?.payload.properties.data.properties;
        for (const field of personal?.fields ?? []) {
          if (into) expect(Object.keys(into)).toContain(field);
          if (out) expect(Object.keys(out)).not.toContain(field);
        }
      }
    });

    it('has the topics of Kafka, with the published messages in binary mode', () => {
      const { factsTopic, eventsTopic, eventsOut } = asyncApi.channels;
      expect([factsTopic.address, eventsTopic.address]).toEqual(['gatehouse.facts', 'gatehouse.events']);
      expect(Object.keys(eventsTopic.messages)).toEqual(Object.keys(eventsOut.messages));
      for (const definition of catalogue.outgoing) {
        const { examples } = asyncApi.components.messages[`${definition.type}OutOfKafka`];
        const { key, value, headers } = messageOf(outgoingExample(definition));
        expect(Object.fromEntries(headers.map(([name, bytes]) => [name, bytes.toString()]))).toEqual(
          examples[0].headers,
        );
        expect(JSON.parse(value!.toString())).toEqual(examples[0].payload);
        expect(key!.toString()).toBe(examples[0].headers.ce_subject);
      }
    });

    it('has only examples that their schemas and the API accept', () => {
      const messages = Object.values<Json>(asyncApi.components.messages);
      for (const { name, payload, headers, examples } of messages) {
        for (const example of examples) {
          expect([name, faults(payload, example.payload)]).toEqual([name, []]);
          if (headers) expect([name, faults(headers, example.headers)]).toEqual([name, []]);
        }
      }
      const { schemas, clock } = gatehouse.runtime;
      for (const definition of catalogue.events.filter(catalogue.accepts)) {
        const { examples } = asyncApi.components.messages[`${definition.type}In`];
        const read = readCloudEvent(
          examples[0].payload,
          { schemas, isAccepted: catalogue.accepts },
          { now: clock.now() },
        );
        expect(read).toMatchObject({ type: definition.type, data: definition.example });
      }
    });

    it('describes the events that the feed sends', async () => {
      const { events } = (await gatehouse.administrator.get('/v1/events')).body;
      expect(events.length).toBeGreaterThan(3);
      for (const event of events) {
        const { payload } = asyncApi.components.messages[`${event.type}Out`];
        expect([event.type, faults(payload, event)]).toEqual([event.type, []]);
      }
    });
  });

  describe('the reference page', () => {
    it('shows every operation and event without a script or an external resource', async () => {
      const { status, body, headers } = await anybody.get('/docs');
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      for (const { operation } of operations()) expect(body).toContain(`<article id="${operation.operationId}">`);
      for (const type of Object.keys(asyncApi.channels.eventsIn.messages)) expect(body).toContain(`id="event-${type}"`);
      expect(body).not.toMatch(/<script|src=|style="|href="http|undefined|\[object/);
    });

    it('has a content security policy for its one style sheet and nothing else', async () => {
      const { body, headers } = await anybody.get('/docs');
      const policy = headers.get('content-security-policy')!;
      expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; base-uri 'none'/);
      const style = body.match(/<style>([\s\S]*?)<\/style>/)[1];
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
      expect(policy).toContain(Buffer.from(digest).toString('base64'));
    });
  });
});
