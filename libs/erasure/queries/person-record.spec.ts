import { describe, expect, it } from '@jest/globals';
import { Type } from 'typebox';
import { defineEvent } from '../../events/event-definition.js';
import { EventSchemas } from '../../events/event-schemas.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import type { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { recordFor, subjectOf } from './person-record.js';

const subject = subjectOf('acc-1', ['acc-1', 'image/img-1']);
const names = ['accountId', 'flaggedBy', 'approvedBy', 'by', 'entityId', 'from', 'decidedBy', 'imageId'];
const strings = (...fields: string[]) =>
  Object.fromEntries(fields.map((field) => [field, Type.Optional(Type.String())]));
const list = (...fields: string[]) => Type.Optional(Type.Array(Type.Object(strings(...fields))));
const Tested = defineEvent({
  type: 'Tested',
  version: 1,
  summary: 'Something was tested.',
  schema: Type.Object({
    ...strings(...names),
    accounts: Type.Optional(Type.Array(Type.String())),
    answers: list('reviewer', 'verdict'),
    sample: Type.Optional(Type.Object({ recordOf: Type.String(), reach: Type.Number() })),
    filter: Type.Optional(Type.Object(strings('account', 'queue'))),
    clauses: list('id'),
    either: Type.Optional(Type.Union([Type.Object(strings('one')), Type.Object(strings('other'))])),
  }),
  example: {},
});
const schemas = new EventSchemas([Tested]);
const record = (data: object, actor: object = { kind: 'user', id: 'rita' }, type = 'Tested') => {
  const event = { position: 7, type, data, metadata: { time: '2022-05-18T09:00:00.000Z', actor } };
  return recordFor(subject, event as unknown as RecordedEvent, schemas, undefined as unknown as PersonKeys);
};

describe('what is stored of a person', () => {
  it('names nobody else, wherever an event names people', async () => {
    const data = {
      ...{ accountId: 'acc-1', accounts: ['acc-2', 'acc-1'], flaggedBy: 'acc-3', approvedBy: 'rita', by: 'carl' },
      ...{
        answers: [{ reviewer: 'rita', verdict: 'safe' }, { reviewer: 'acc-1' }],
        sample: { recordOf: 'acc-4', reach: 2 },
      },
      ...{ filter: { account: 'acc-5', queue: 'detected' } },
    };
    expect(await record(data)).toMatchObject({
      by: 'withheld',
      data: {
        ...{ accountId: 'acc-1', accounts: ['withheld', 'acc-1'], flaggedBy: 'withheld', approvedBy: 'withheld' },
        ...{ by: 'withheld', answers: [{ reviewer: 'withheld', verdict: 'safe' }, { reviewer: 'acc-1' }] },
        ...{ sample: { recordOf: 'withheld', reach: 2 }, filter: { account: 'withheld', queue: 'detected' } },
      },
    });
  });

  it('keeps what is about no person', async () => {
    const data = {
      from: '2022-05-18T09:00:00.000Z',
      decidedBy: 'automation',
      imageId: 'img-1',
      clauses: [{ id: 'hate' }],
      either: { other: 'rita' },
    };
    expect(await record(data, { kind: 'service', id: 'web-site' })).toMatchObject({ by: 'web-site', data });
    expect(await record({ accountId: 'acc-1' }, { kind: 'user', id: 'acc-1' })).toMatchObject({ by: 'acc-1' });
  });

  it('names nobody else in members that no schema knows, as in events of another release', async () => {
    const unknown = { addedBy: 'rita', steps: ['carl', ['acc-1', 2]], image: 'img-1' };
    const withheld = { addedBy: 'withheld', steps: ['withheld', ['acc-1', 2]], image: 'img-1' };
    const known = { accountId: 'acc-1', imageId: 'img-7' };
    expect((await record({ ...known, ...unknown })).data).toEqual({ ...known, ...withheld });
    expect((await record({ accountId: 'acc-1', ...unknown }, undefined, 'OfAnotherRelease')).data).toEqual({
      accountId: 'acc-1',
      ...withheld,
    });
    const within = { answers: [{ reviewer: 'acc-1', verdict: 'safe', checkedBy: 'rita' }] };
    expect((await record(within)).data).toEqual({
      answers: [{ reviewer: 'acc-1', verdict: 'safe', checkedBy: 'withheld' }],
    });
  });

  it('names nobody else by the names in objects that no schema knows, which may be maps', async () => {
    const votes = { rita: 'unsafe', 'acc-1': { carl: 2, 'img-1': 1 }, mira: 3 };
    const shown = {
      ...{ 'withheld-1': 'withheld', 'acc-1': { 'withheld-1': 2, 'img-1': 1 } },
      'withheld-2': 3,
    };
    expect((await record({ votes, steps: [votes] })).data).toEqual({ votes: shown, steps: [shown] });
    expect((await record({ votes, accounts: votes }, undefined, 'OfAnotherRelease')).data).toEqual({
      ...{ votes: shown, accounts: shown },
    });
    // A string by its schema, and a map in another release.
    expect((await record({ by: votes, answers: [{ reviewer: votes }] })).data).toEqual({
      ...{ by: shown, answers: [{ reviewer: shown }] },
    });
  });

  it('names what an employee asked the evidence of only if it is the own', async () => {
    for (const [entityId, shown] of [
      ['acc-1', 'acc-1'],
      ['img-1', 'img-1'],
      ['acc-2', 'withheld'],
    ])
      expect((await record({ entityId })).data).toEqual({ entityId: shown });
  });
});
