import { describe, expect, it } from '@jest/globals';
import { breakingChanges } from '../../apps/docs/breaking-changes.js';
import { brokenPromises, REMEDY } from '../../apps/docs/published-api.js';

// biome-ignore lint/suspicious/noExplicitAny: JSON documents
type Json = any;

it('the API breaks no promise to clients of /v1 that the changelog does not name', () => {
  const broken = brokenPromises();
  expect(broken.length === 0 ? '' : [REMEDY, ...broken.map((change) => `- ${change}`)].join('\n')).toBe('');
});

const body = {
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 20, pattern: '^[a-z]+$' },
    kind: { type: 'string', enum: ['a', 'b'] },
    size: { type: 'integer', minimum: 0 },
    tags: { type: 'array', items: { $ref: '#/components/schemas/Tag' }, maxItems: 5 },
  },
  required: ['name'],
  additionalProperties: false,
};
const answer = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    reason: { type: 'string', enum: ['x', 'y'] },
    at: { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] },
    tag: { $ref: '#/components/schemas/Tag' },
  },
  required: ['id', 'at'],
  additionalProperties: false,
};
const published = {
  paths: {
    '/v1/things/{id}': {
      put: {
        operationId: 'putThing',
        'x-gatehouse-roles': ['operator', 'service'],
        security: [{ bearer: [] }],
        parameters: [
          { in: 'path', name: 'id', required: true, schema: { type: 'string' } },
          { in: 'query', name: 'limit', required: false, schema: { type: 'integer', maximum: 500 } },
        ],
        requestBody: { required: true, content: { 'application/json': { schema: body } } },
        responses: { 200: { content: { 'application/json': { schema: answer } } }, default: {} },
      },
      get: { operationId: 'getThing', security: [{}], parameters: [], responses: { 200: { content: {} } } },
    },
  },
  components: { schemas: { Tag: { type: 'object', properties: { label: { type: 'string' } }, required: ['label'] } } },
};

/** The changes after one edit of the published document. */
function after(edit: (document: Json, put: Json, request: Json, response: Json) => void): string[] {
  const document: Json = structuredClone(published);
  const { put } = document.paths['/v1/things/{id}'];
  const schemaOf = (part: Json) => part.content['application/json'].schema;
  edit(document, put, schemaOf(put.requestBody), schemaOf(put.responses[200]));
  return breakingChanges(published, document);
}

const PUT = 'PUT /v1/things/{id}:';

it('the width of an integer breaks no client', () => {
  const widened = after((_, __, request) => {
    request.properties.size.format = 'int64';
  });
  expect(widened).toEqual([]);
});

describe('what breaks a client', () => {
  it.each<[string, Parameters<typeof after>[0]]>([
    ['GET /v1/things/{id}: the operation is gone', (all) => delete all.paths['/v1/things/{id}'].get],
    [
      'GET /v1/things/{id}: it needs a credential',
      (all) => {
        all.paths['/v1/things/{id}'].get.security = [{ bearer: [] }];
      },
    ],
    [
      `${PUT} its operationId putThing is setThing`,
      (_, put) => {
        put.operationId = 'setThing';
      },
    ],
    [`${PUT} it no longer admits the role service`, (_, put) => put['x-gatehouse-roles'].pop()],
    [`${PUT} the query parameter limit is gone`, (_, put) => put.parameters.pop()],
    [
      `${PUT} the query parameter limit is required`,
      (_, put) => {
        put.parameters[1].required = true;
      },
    ],
    [
      `${PUT} the query parameter limit has maximum 100`,
      (_, put) => {
        put.parameters[1].schema.maximum = 100;
      },
    ],
    [
      `${PUT} the query parameter mode is new and required`,
      (_, put) => put.parameters.push({ in: 'query', name: 'mode', required: true, schema: {} }),
    ],
    [
      `${PUT} the body is no longer application/json`,
      (_, put) => {
        put.requestBody.content = {};
      },
    ],
    [`${PUT} the body.size is gone`, (_, __, request) => delete request.properties.size],
    [`${PUT} the body.kind is required`, (_, __, request) => request.required.push('kind')],
    [`${PUT} the body.kind no longer accepts b`, (_, __, request) => request.properties.kind.enum.pop()],
    [
      `${PUT} the body.name has maxLength 10`,
      (_, __, request) => {
        request.properties.name.maxLength = 10;
      },
    ],
    [
      `${PUT} the body.name has another pattern`,
      (_, __, request) => {
        request.properties.name.pattern = '^a+$';
      },
    ],
    [
      `${PUT} the body.size has minimum 1`,
      (_, __, request) => {
        request.properties.size.minimum = 1;
      },
    ],
    [
      `${PUT} the body.size has another type (integer where string was or is expected)`,
      (_, __, request) => {
        request.properties.size.type = 'string';
      },
    ],
    [
      `${PUT} it no longer answers 200`,
      (_, put) => {
        put.responses = { 201: put.responses[200] };
      },
    ],
    [`${PUT} the answer 200.reason is gone`, (_, __, ___, response) => delete response.properties.reason],
    [`${PUT} the answer 200.id may be absent`, (_, __, ___, response) => response.required.shift()],
    [
      `${PUT} the answer 200.id has another type (null where string was or is expected)`,
      (_, __, ___, response) => {
        response.properties.id = { anyOf: [{ type: 'string' }, { type: 'null' }] };
      },
    ],
    [
      `${PUT} the answer 200.at has another type (integer where string was or is expected)`,
      (_, __, ___, response) => {
        response.properties.at.anyOf[0] = { type: 'integer' };
      },
    ],
  ])('%s', (change, edit) => {
    expect(after(edit)).toEqual([change]);
  });

  it('is found behind a reference, on both sides', () => {
    expect(
      after((all) => {
        all.components.schemas.Tag.properties.label.type = 'integer';
      }),
    ).toEqual([
      `${PUT} the body.tags[].label has another type (string where integer was or is expected)`,
      `${PUT} the answer 200.tag.label has another type (integer where string was or is expected)`,
    ]);
  });
});

describe('what breaks nobody', () => {
  it.each<[string, Parameters<typeof after>[0]]>([
    ['nothing', () => {}],
    [
      'an operation',
      (all) => {
        all.paths['/v1/others'] = { get: published.paths['/v1/things/{id}'].get };
      },
    ],
    [
      'an optional parameter',
      (_, put) => put.parameters.push({ in: 'query', name: 'by', required: false, schema: {} }),
    ],
    ['a role', (_, put) => put['x-gatehouse-roles'].push('reviewer')],
    ['access without a credential', (_, put) => put.security.push({})],
    [
      'a media type',
      (_, put) => {
        put.requestBody.content['text/csv'] = { schema: {} };
      },
    ],
    [
      'an optional member of a request',
      (_, __, request) => {
        request.properties.more = { type: 'string' };
      },
    ],
    ['another value of a request', (_, __, request) => request.properties.kind.enum.push('c')],
    [
      'a higher limit',
      (_, __, request) => {
        request.properties.name.maxLength = 200;
      },
    ],
    [
      'an alternative in a request',
      (_, __, request) => {
        request.properties.size = { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'null' }] };
      },
    ],
    [
      'a member of an answer',
      (_, __, ___, response) => {
        response.properties.more = { type: 'string' };
        response.required.push('more');
      },
    ],
    ['another value of an answer', (_, __, ___, response) => response.properties.reason.enum.push('z')],
    ['a member that is always there now', (_, __, ___, response) => response.required.push('reason')],
    [
      'an alternative that no longer occurs',
      (_, __, ___, response) => {
        response.properties.at = { type: 'string', format: 'date-time' };
      },
    ],
    [
      'a problem',
      (_, put) => {
        put.responses[409] = {};
      },
    ],
    [
      'another description',
      (_, put) => {
        put.description = 'Changed.';
      },
    ],
  ])('%s', (_, edit) => {
    expect(after(edit)).toEqual([]);
  });
});
