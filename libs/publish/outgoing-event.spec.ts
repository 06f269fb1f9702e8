import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Type } from 'typebox';
import { senderEventId } from '../event-store/event-identity.js';
import { defineEvent } from '../events/event-definition.js';
import { EventSchemas } from '../events/event-schemas.js';
import { EntityId, eventData, PersonalText } from '../events/schemas.js';
import { isFault, readCloudEvent } from '../ingest/incoming-event.js';
import type { Actor, RecordedEvent } from '../kernel/envelope.js';
import { toCloudEvent } from './outgoing-event.js';

const Noted = defineEvent({
  type: 'Noted',
  version: 3,
  summary: 'Somebody wrote something.',
  personal: { person: 'accountId', fields: ['note', 'address'] },
  schema: eventData({
    accountId: EntityId('Who.'),
    note: Type.Optional(PersonalText(2000, 'What.')),
    address: Type.Optional(PersonalText(200, 'Where.')),
  }),
  example: { accountId: 'acc-1', note: 'hello', address: 'here' },
});
const Seen = defineEvent({
  type: 'Seen',
  version: 1,
  summary: 'Seen.',
  schema: eventData({ imageId: EntityId('It.') }),
  example: { imageId: 'img-1' },
});
const schemas = new EventSchemas([Noted, Seen]);

const ID = '0196e0f0-0000-7000-8000-000000000001';
const actor: Actor = { kind: 'service', id: 'image-service', role: 'service' };
const recorded = (changes: Partial<RecordedEvent> = {}): RecordedEvent => ({
  id: ID,
  type: 'Noted',
  data: { accountId: 'acc-1', note: 'sealed:v1:AAAA', address: 'in clear' },
  metadata: {
    source: '/gatehouse',
    subject: 'account-acc-1',
    time: '2026-01-31T11:00:00.000Z',
    schemaversion: 3,
    correlationid: 'c-1',
    actor,
  },
  stream: 'account-acc-1',
  revision: 4,
  position: 9_007_199_254_740_991,
  recordedAt: '2026-01-31T11:00:01.000Z',
  ...changes,
});

const EPOCH = '9c1f03ab55d2';

describe('toCloudEvent', () => {
  it('contains all attributes of an event as strings', () => {
    const { metadata } = recorded();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const event = recorded({ metadata: { ...metadata, causationid: 'e-0', traceparent, partition: 3, offset: '77' } });
    expect(toCloudEvent(event, schemas, EPOCH)).toEqual({
      specversion: '1.0',
      id: ID,
      source: '/gatehouse',
      type: 'Noted',
      subject: 'account-acc-1',
      time: '2026-01-31T11:00:00.000Z',
      datacontenttype: 'application/json',
      schemaversion: '3',
      recordedtime: '2026-01-31T11:00:01.000Z',
      recordid: ID,
      correlationid: 'c-1',
      causationid: 'e-0',
      traceparent,
      actor: 'service:image-service',
      position: '9007199254740991',
      logepoch: EPOCH,
      data: { accountId: 'acc-1' },
    });
  });

  it('does not change the stored event, which is shared', () => {
    const event = recorded();
    toCloudEvent(event, schemas, EPOCH);
    expect(event).toEqual(recorded());
  });

  it('does not copy data without personal fields', () => {
    const data = { imageId: 'img-1' };
    expect(toCloudEvent(recorded({ type: 'Seen', data }), schemas, EPOCH).data).toEqual({ imageId: 'img-1' });
  });

  it("gives a sender's own attributes back, so that it can be ingested again as the same event", () => {
    const sent = {
      sourceid: 'N-1',
      dataschema: 'https://schemas.example/n',
      extensions: { tenant: 'a', tier: 2, id: 'x' },
    };
    const metadata = { ...recorded().metadata, source: '/notes', ...sent };
    const outgoing = toCloudEvent(recorded({ metadata }), schemas, EPOCH);
    const own = { id: 'N-1', source: '/notes', dataschema: sent.dataschema, tenant: 'a', tier: 2, recordid: ID };
    expect(outgoing).toMatchObject(own);
    const rules = { schemas, isAccepted: () => true, extensions: ['tenant', 'tier'] };
    const again = readCloudEvent(outgoing, rules, { now: Date.UTC(2026, 1, 1) });
    if (isFault(again)) throw new Error(again.detail);
    expect(again).toMatchObject({
      identity: senderEventId('/notes', 'N-1'),
      data: { accountId: 'acc-1' },
      correlationid: 'c-1',
    });
    expect(again.sent).toEqual({ ...sent, extensions: { tenant: 'a', tier: 2 } });
  });

  it('encodes a stored source that is no URI reference, which would stop consumers', () => {
    const metadata = { ...recorded().metadata, source: 'image service|ü' };
    expect(toCloudEvent(recorded({ metadata }), schemas, EPOCH).source).toBe('image%20service%7C%C3%BC');
  });

  it('never contains a personal field, and uses attribute names that CloudEvents 1.0 allows', () => {
    const text = fc.string({ minLength: 1, maxLength: 20 });
    const personal = fc.record(
      { note: text.map((value) => `note ${value}`), address: text.map((value) => `address ${value}`) },
      { requiredKeys: [] },
    );
    const metadata = fc.record(
      {
        source: text,
        subject: text,
        time: fc.constant('2026-01-31T11:00:00.000Z'),
        schemaversion: fc.integer({ min: 1, max: 99 }),
        correlationid: text,
        actor: fc.record({ kind: fc.constantFrom('user' as const, 'service' as const, 'process' as const), id: text }),
        causationid: text,
        traceparent: text,
        partition: fc.nat(),
        offset: text,
      },
      { requiredKeys: ['source', 'subject', 'time', 'schemaversion', 'correlationid', 'actor'] },
    );
    fc.assert(
      fc.property(personal, metadata, fc.integer({ min: 1 }), (fields, about, position) => {
        const sent = toCloudEvent(
          recorded({ data: { accountId: 'acc-1', ...fields }, metadata: about, position }),
          schemas,
          EPOCH,
        );
        const { data, ...attributes } = sent;
        expect(data).toEqual({ accountId: 'acc-1' });
        for (const [name, value] of Object.entries(attributes)) {
          expect(name).toMatch(/^[a-z0-9]{1,20}$/);
          expect([name, typeof value]).toEqual([name, 'string']);
        }
      }),
    );
  });
});
