import { expect, it } from '@jest/globals';
import type { RecordedEvent } from '../kernel/envelope.js';
import { subjectsOf } from './subjects.js';

const event = (stream: string, data: Record<string, unknown>, metadata: object = {}): RecordedEvent => ({
  ...{ id: '0196e0f0-0000-7000-8000-000000000001', type: 'Tested', stream, revision: 0, position: 1 },
  recordedAt: '2022-05-18T09:00:00.000Z',
  data,
  metadata: {
    ...{ source: '/test', subject: stream, time: '2022-05-18T09:00:00.000Z', schemaversion: 1, correlationid: 'c-1' },
    actor: { kind: 'user', id: 'mira', token: 't-1' },
    ...metadata,
  },
});

it('finds every subject that an event names, each once, with who caused it', () => {
  const named = {
    ...{ accountId: 'acc-1', imageId: 'img-1', caseId: 'img-1', cohortId: 'w20', enforcementId: 'e-1' },
    ...{
      clause: 'violent',
      categories: ['violent', 'hate'],
      reviewers: ['rita', 'mira'],
      accounts: ['acc-1', 'acc-2'],
    },
    clauses: [{ id: 'spam' }],
  };
  expect(subjectsOf(event('case-img-1', named), false).sort()).toEqual([
    ...['account-acc-1', 'account-acc-2', 'by-mira', 'case-img-1', 'clause-hate', 'clause-spam', 'clause-violent'],
    ...['cohort-w20', 'correlation-c-1', 'enforcement-e-1', 'image-img-1', 'person-mira', 'person-rita', 'token-t-1'],
  ]);
});

it('does not find a fact by the service that sent it, nor by its request', () => {
  const actor = { kind: 'service', id: 'images', token: 't-2' };
  const data = { imageId: 'img-1', accountId: 'acc-1' };
  expect(subjectsOf(event('facts-0', data, { actor }), true)).toEqual(['image-img-1', 'account-acc-1']);
  expect(subjectsOf(event('facts-0', data, { actor }), false)).toContain('by-images');
});

it('finds a broken event by its stream, whatever its data and metadata are', () => {
  const data = { accountId: 7, clauses: [null, 'x'], constructor: 'x', toString: ['x'] };
  const broken = { ...event('account-acc-1', data), metadata: {} as never };
  expect(subjectsOf(broken, false)).toEqual(['account-acc-1']);
});

it('passes over ids that no index can hold', () => {
  expect(subjectsOf(event('facts-0', { imageId: 'x'.repeat(401), accountId: '' }), true)).toEqual([
    'by-mira',
    'token-t-1',
  ]);
});
