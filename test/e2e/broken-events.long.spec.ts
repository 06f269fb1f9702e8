import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { catalogue } from '../../apps/composition/catalogue.js';
import { WriteClient } from '../../libs/event-store/eventstoredb/write-client.js';
import { appendParameters } from '../../libs/event-store/postgres/event-rows.js';
import { APPEND } from '../../libs/event-store/postgres/statements.js';
import { imageEvents } from '../../libs/images/events.js';
import type { NewEvent } from '../../libs/kernel/envelope.js';
import { parkedKeys } from '../../libs/subscriptions/checkpoints.js';
import { type EventStoreDBProcess, startEventStoreDB } from '../support/eventstoredb/server-process.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

interface Stored {
  id: string;
  stream: string;
  type: string;
  data: unknown;
  metadata: unknown;
}

const metadata = (subject: string) => ({
  source: '/test',
  subject,
  time: '2026-01-31T12:00:00.000Z',
  schemaversion: 1,
  correlationid: 'test',
  actor: { kind: 'service', id: 'test' },
});

const flag = (imageId: string): Stored => ({
  id: randomUUID(),
  stream: 'facts-0',
  type: 'ContentFlagged',
  data: { imageId, flaggedBy: 'det-1', flaggerKind: 'detector', categories: ['violent'] },
  metadata: metadata(`image-${imageId}`),
});

/** A database's text can't hold a NUL, and its index no long key that can't be compressed. */
const LONG_KEY = Array.from({ length: 140 }, (_, n) => createHash('sha256').update(`${n}`).digest('hex')).join('');
const UNUSUAL_KEYS = ['\u0000', LONG_KEY].map((subject) => ({
  ...flag('img-1'),
  metadata: { ...metadata(`image-${subject}`), source: 7 },
}));

const generated = (imageId: string): Stored => ({
  ...flag(imageId),
  id: randomUUID(),
  type: 'ImageGenerated',
  data: { imageId, accountId: 'acc-good' },
});

const strange = fc.constantFrom<unknown>(
  null,
  7,
  1e300,
  true,
  [],
  {},
  ['x'],
  { a: { b: 1 } },
  '',
  'text',
  '\u0000',
  'x'.repeat(9_000),
);
const absurdTime = fc.constantFrom(
  'yesterday',
  '',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '+275760-09-13T00:00:00Z',
  '99999-01-01T00:00:00Z',
  '2026-02-30T25:61:00Z',
  '-000001-01-01T00:00:00Z',
);

/** A copy of an object with one of its fields left out or replaced. */
const damaged = (given: Record<string, unknown>) =>
  fc.tuple(fc.constantFrom(...Object.keys(given)), fc.option(strange)).map(([field, value]) => {
    const { [field]: _, ...rest } = given;
    return value === null ? rest : { ...rest, [field]: value };
  });

/** An event of a type of ours in a stream of ours, with something wrong. */
const broken: fc.Arbitrary<Omit<Stored, 'id'>> = fc
  .constantFrom(...catalogue.events)
  .chain(({ type, example, fact }) => {
    const stream = fact ? 'facts-0' : fc.constantFrom('account-acc-1', 'case-img-1', 'cohort-c1', 'enforcement-img-1');
    const about = metadata('image-img-1');
    const data = Object.keys(example).length > 0 ? damaged(example as Record<string, unknown>) : strange;
    const whole = fc.constant(example as unknown);
    const [fine, atom] = [fc.constant<unknown>(about), fc.constant(type)];
    const streams = typeof stream === 'string' ? fc.constant(stream) : stream;
    return fc.oneof(
      fc.record({ stream: streams, type: atom, data, metadata: fine }),
      fc.record({ stream: streams, type: atom, data: strange, metadata: fine }),
      fc.record({ stream: streams, type: atom, data: whole, metadata: damaged(about) }),
      fc.record({ stream: streams, type: atom, data: whole, metadata: strange }),
      fc.record({
        stream: streams,
        type: atom,
        data: whole,
        metadata: fc
          .constantFrom<unknown>(0, -1, 1.5, 999, 2 ** 60, '2', null)
          .map((schemaversion) => ({ ...about, schemaversion })),
      }),
      fc.record({ stream: streams, type: atom, data: whole, metadata: absurdTime.map((time) => ({ ...about, time })) }),
    );
  });

describe.each(['PostgreSQL', 'EventStoreDB'] as const)('broken events in a log in %s', (kept) => {
  let server: EventStoreDBProcess | undefined;
  let gatehouse: TestGatehouse;
  let reader: Client;
  let store: (events: readonly Stored[]) => Promise<void>;
  let close: () => Promise<unknown>;

  beforeAll(async () => {
    if (kept === 'EventStoreDB') server = await startEventStoreDB();
    gatehouse = await startGatehouse({
      env: { GATEHOUSE_PARKED_LIMIT_MS: '0', ...(server && { GATEHOUSE_EVENTSTORE_URL: server.url }) },
    });
    reader = await gatehouse.as('reader', 'compliance', 'operator');
    if (server) {
      const writer = WriteClient.take(server.url);
      close = () => writer.release();
      store = async (events) => {
        for (const { stream, ...event } of events) {
          const about = new Uint8Array(Buffer.from(JSON.stringify(event.metadata)));
          const prepared = { ...event, contentType: 'application/json', metadata: about } as never;
          await writer.append(stream, 'any', { events: [prepared], bytes: 0 });
        }
      };
    } else {
      // Directly into the table, since no adapter appends such events.
      const log = new pg.Pool(gatehouse.database.connection);
      close = () => log.end();
      store = async (events) => {
        for (const { stream, ...given } of events) {
          const event = given as NewEvent;
          const text = { data: JSON.stringify(given.data), metadata: JSON.stringify(given.metadata) };
          const parameters = appendParameters([{ stream, expected: 'any', events: [event] }], [[text]]);
          await log.query(APPEND.text, parameters);
        }
      };
    }
  });
  afterAll(async () => {
    await close();
    await gatehouse.close();
    await server?.stop();
  });

  const positions = async () =>
    (await gatehouse.runtime.pool.query('SELECT DISTINCT position::float8 AS position FROM projections.checkpoints'))
      .rows;

  it('stop no view, no reactor and no reader', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(broken, { minLength: 1, maxLength: 12 }), async (events) => {
        const good = `good-${++run}`;
        await store([...events.map((event) => ({ id: randomUUID(), ...event })), generated(good), flag(good)]);
        await gatehouse.settle();
        expect((await reader.get(`/v1/images/${good}`)).status).toBe(200);
        expect((await reader.get(`/v1/cases/${good}`)).status).toBe(200);
        const head = await gatehouse.runtime.store.head();
        for (const { position } of await positions()) expect(position).toBe(head);
        for (const path of ['/v1/events?limit=2000', '/v1/log?limit=2000'])
          expect((await gatehouse.administrator.get(path)).status).toBe(200);
      }),
      { numRuns: 8, examples: [[UNUSUAL_KEYS]] },
    );
    const compared = await gatehouse.runtime.rebuilder.verify(catalogue.views);
    expect(compared.filter(({ equal }) => !equal)).toEqual([]);
  });

  it('do not keep a stream from being decided on', async () => {
    await store([{ ...flag('x'), stream: 'rollout', type: 'OnboardingRateSet', data: { perWeek: 'many' } }]);
    expect(
      (await gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 70, reason: 'a test', confirm: 70 })).status,
    ).toBe(200);
  });

  describe('of what decides access', () => {
    const storeBroken = async (stream: string, type: string, data: unknown = {}) => {
      await store([{ id: randomUUID(), stream, type, data, metadata: metadata(stream) }]);
      return gatehouse.runtime.store.head();
    };
    /** Why it is denied, by the time that the replica knows the position. */
    const denial = async (accountId: string, action: string, minPosition: number | string) => {
      const question = {
        subject: { type: 'account', id: accountId },
        action: { name: action },
        // The rule about photorealistic faces denies the share of an image that nobody described.
        resource: { type: 'product', id: 'images', properties: { photorealistic: false } },
        context: { minPosition: String(minPosition) },
      };
      return (await gatehouse.administrator.post('/access/v1/evaluation', question)).body.context.reason;
    };
    const why = async (accountId: string) => {
      const { body } = await gatehouse.administrator.get(`/v1/accounts/${accountId}`);
      return body.why.map(({ reason }: { reason: string }) => reason);
    };
    const ready = async () => (await gatehouse.administrator.get('/health/ready')).body;
    const join = (name: string) => gatehouse.administrator.post('/v1/waitlist', { email: `${name}@example.org` });
    let ada: string;

    beforeAll(async () => {
      const { administrator } = gatehouse;
      await administrator.post('/v1/policy', { version: 'v1' });
      await administrator.put('/v1/rollout/rate', { perWeek: 70, reason: 'a test', confirm: 70 });
      ada = (await join('ada')).body.accountId;
      await gatehouse.settle();
      await administrator.post('/v1/cohorts', { cohortId: 'w20', accounts: [ada] });
      await gatehouse.settle();
      const { body } = await administrator.post(`/v1/accounts/${ada}/policy-acceptance`, { version: 'v1' });
      expect(await denial(ada, 'generate', body.position)).toBeUndefined();
    });

    it('deny every action of the switches to everyone, and joining, until each is resumed', async () => {
      const position = await storeBroken('switches', 'ActionSuspended', { action: 7 });
      for (const action of ['generate', 'share', 'download'])
        expect(await denial(ada, action, position)).toBe(`${action}-suspended`);
      expect(await denial('new', 'join', position)).toBe('join-suspended');
      const refused = await join('ben');
      expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining("can't be read")]);
      const text = expect.stringMatching(new RegExp(`generate.*position ${position} .*switch resume`));
      expect(await ready()).toMatchObject({ ready: true, checks: { 'access-events': text } });
      const { items } = (await gatehouse.administrator.get('/v1/switches')).body;
      expect(items[0]).toMatchObject({ action: 'generate', reason: expect.stringContaining(`position ${position} `) });
      for (const action of ['generate', 'share', 'download', 'join']) {
        const resumed = await gatehouse.administrator.delete(`/v1/switches/${action}?reason=checked`);
        await gatehouse.settle();
        expect(await denial(ada, action, resumed.body.position)).toBe(
          action === 'join' ? 'already-onboarded' : undefined,
        );
      }
      expect((await join('ben')).status).toBe(202);
      expect((await ready()).checks['access-events']).toBe('ok');
    });

    it('leave no acceptance of the content policy that suffices, until a version supersedes it', async () => {
      const position = await storeBroken('policy', 'ContentPolicyWithdrawn', { version: 7 });
      expect(await denial(ada, 'generate', position)).toBe('policy-unreadable');
      expect(await why(ada)).toEqual(['policy-unreadable']);
      const text = expect.stringMatching(new RegExp(`position ${position} .*policy publish`));
      expect(await ready()).toMatchObject({ ready: true, checks: { 'access-events': text } });
      const accept = (version: string) =>
        gatehouse.administrator.post(`/v1/accounts/${ada}/policy-acceptance`, { version });
      expect((await accept('v1')).body.type).toMatch(/policy-unreadable$/);
      await gatehouse.administrator.post('/v1/policy', { version: 'v2' });
      expect(await denial(ada, 'generate', (await accept('v2')).body.position)).toBeUndefined();
      expect(await why(ada)).toEqual(['allowed']);
    });

    it('deny everything to their account and withhold its address, until it is reinstated', async () => {
      const position = await storeBroken(`account-${ada}`, 'AccountDeactivated', { accountId: 7 });
      expect(await denial(ada, 'generate', position)).toBe('account-unreadable');
      expect(await why(ada)).toEqual(['account-unreadable']);
      const addresses = async () =>
        (await gatehouse.administrator.post('/v1/cohorts/w20/address-exports', { reason: 'invitations' })).body;
      expect(await addresses()).toMatchObject({ items: [], withheld: [{ accountId: ada, why: 'unreadable' }] });
      const { body } = await gatehouse.administrator.post(`/v1/accounts/${ada}/reinstatement`, { reason: 'checked' });
      expect(await denial(ada, 'generate', body.position)).toBeUndefined();
      expect(await addresses()).toMatchObject({ items: [{ accountId: ada }], withheld: [] });
    });
  });

  it('are parked by their key and reported, or passed over and counted if the store is shared', async () => {
    const { runtime } = gatehouse;
    const before = { ...runtime.passedOver };
    const unusable = { ...flag('img-broken'), data: { imageId: 'img-broken' } };
    const newer = { ...flag('img-newer'), metadata: { ...metadata('image-img-newer'), schemaversion: 7 } };
    const stranger = { ...flag('img-strange'), stream: 'orders-1' };
    await store([unusable, newer, ...(server ? [stranger] : [])]);
    await gatehouse.settle();
    const keys = new Set((await parkedKeys(runtime.pool)).map(({ key }) => key));
    expect(keys.has('img-newer')).toBe(true);
    expect(keys.has('img-broken')).toBe(!server);
    expect(keys.has('img-strange')).toBe(false);
    for (const where of ['our-streams', 'other-streams'] as const)
      expect([where, runtime.passedOver[where] - before[where]]).toEqual([where, server ? 1 : 0]);
  });
});

it('knows every category that events are stored in', () => {
  for (const { fact } of imageEvents) expect(fact).toBeDefined();
  for (const stream of ['facts-0', 'account-1', 'person-1', 'case-1', 'rollout', 'cohort-1', 'policy', 'enforcement-1'])
    expect(catalogue.stored.isOurStream(stream)).toBe(true);
  expect(catalogue.stored.isOurStream('accounting-1')).toBe(false);
});
