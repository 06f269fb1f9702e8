import { describe, expect, it } from '@jest/globals';
import { EventSchemas } from '../../events/event-schemas.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import type { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { recordFor, subjectOf } from './person-record.js';

const subject = subjectOf('acc-1', ['acc-1', 'image/img-1']);
const schemas = new EventSchemas([]);
const record = (data: object, actor: object = { kind: 'user', id: 'rita' }) => {
  const event = { position: 7, type: 'Tested', data, metadata: { time: '2022-05-18T09:00:00.000Z', actor } };
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
    };
    expect(await record(data, { kind: 'service', id: 'web-site' })).toMatchObject({ by: 'web-site', data });
    expect(await record({ accountId: 'acc-1' }, { kind: 'user', id: 'acc-1' })).toMatchObject({ by: 'acc-1' });
  });
});
