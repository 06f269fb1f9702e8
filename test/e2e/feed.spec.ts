import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { type Message, readEventStream } from '../support/read-event-stream.js';

const SECRET = /zebra-\w+-crossing/;

let gatehouse: TestGatehouse;
let service: Client;
let token: string;
let images = 0;

beforeAll(async () => {
  gatehouse = await startGatehouse();
  service = await gatehouse.as('reporter', 'service');
  token = gatehouse.administratorToken;
});
afterAll(() => gatehouse.close());

const fact = (type = 'ImageShared', data = {}) =>
  cloudEvent(type, { imageId: `feed-${++images}`, accountId: 'acc-1', ...data });

/** Facts of three types, two of them public, and joins, in small batches. */
async function write(batches: number): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    const events = Array.from({ length: 1 + (batch % 7) }, (_, n) =>
      n % 3 === 2 ? fact('ImageDownloaded') : fact(n % 3 === 1 ? 'ImageShared' : 'ImageGenerated'),
    );
    if (batch % 5 === 0)
      events.push(cloudEvent('WaitlistJoined', { accountId: `j-${++images}`, email: `j${images}@example.org` }));
    const { status } = await service.post('/v1/events', events);
    expect(status).toBe(202);
  }
}

async function pages(path: string, limitOf: () => number): Promise<string[]> {
  const positions: string[] = [];
  for (let next = '0', atHead = false; !atHead; ) {
    const { body } = await service.get(`${path}${path.includes('?') ? '&' : '?'}after=${next}&limit=${limitOf()}`);
    positions.push(...body.events.map((event: { position: string }) => event.position));
    ({ next, atHead } = body);
  }
  return positions;
}

describe('pages of the feed', () => {
  it('have every public event once and in order, for any page size and concurrent writes', async () => {
    const writing = Promise.all([write(12), write(12), write(12)]);
    const early = await pages('/v1/events', () => 3);
    await writing;
    const all = await pages('/v1/events', () => 2000);
    expect(all).toEqual([...new Set(all)].sort((a, b) => Number(a) - Number(b)));
    expect(all.slice(0, early.length)).toEqual(early);
    let size = 0;
    expect(await pages('/v1/events', () => 1 + (size++ % 17))).toEqual(all);
    const { events } = (await gatehouse.administrator.get('/v1/log?limit=2000')).body;
    const internal = ['AddressReserved', 'PersonRegistered', 'ImageDownloaded'];
    const isPublic = ({ type }: { type: string }) => !internal.includes(type);
    expect(events.filter(isPublic).map((event: { position: string }) => event.position)).toEqual(all);
  });

  it('have only the requested types, and refuse a type that is not public', async () => {
    const { events } = (await service.get('/v1/events?types=ImageShared,WaitlistJoined&limit=2000')).body;
    expect(new Set(events.map((event: { type: string }) => event.type))).toEqual(
      new Set(['ImageShared', 'WaitlistJoined']),
    );
    for (const types of ['ImageDownloaded', 'PersonRegistered', '', 'ImageShared,', 'imageshared'])
      expect([types, (await service.get(`/v1/events?types=${types}`)).status]).toEqual([types, 400]);
  });
});

describe('the stream of the feed', () => {
  const url = (query = '') => `${gatehouse.url}/v1/events${query}`;

  it('has no gap and no repeat across disconnects at random moments while events are written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.integer({ min: 1, max: 25 })), async (lengths) => {
        const start = (await service.get('/v1/status')).body.head;
        const last = fact();
        const writing = Promise.all([write(8), write(8)]).then(() => service.post('/v1/events', last));
        const seen: string[] = [];
        for (let lastEventId = start, ended = false; !ended; ) {
          let left = lengths.next().value!;
          for await (const { id, data } of readEventStream(url(), token, { lastEventId })) {
            expect(id).toBe(`${data.logepoch}-${data.position}`);
            seen.push(data.position);
            lastEventId = id;
            ended = data.data.imageId === last.data.imageId;
            if (ended || --left === 0) break;
          }
        }
        await writing;
        const all = (await pages('/v1/events', () => 2000)).filter((position) => Number(position) > Number(start));
        expect(seen).toEqual(all);
      }),
      { numRuns: 4 },
    );
  });

  it('sends only the requested types from the requested position, as soon as they are stored', async () => {
    const { head } = (await service.get('/v1/status')).body;
    const stream = readEventStream(url(`?types=ImageShared&after=${head}`), token);
    const first = stream.next();
    await service.post('/v1/events', [fact('ImageGenerated'), fact('ImageShared', { audience: 'link' })]);
    const { value } = (await first) as { value: Message };
    expect(value).toMatchObject({ name: '', data: { type: 'ImageShared', data: { audience: 'link' } } });
    expect(Number(value.data.position)).toBe(Number(head) + 2);
    await stream.return(undefined);
  });

  it('sends everything to a slow reader in order, without delaying others', async () => {
    const { head } = (await service.get('/v1/status')).body;
    const slow = await open(`/v1/events?after=${head}`);
    const batch = () => Array.from({ length: 500 }, () => fact('ImageShared', { audience: 'x'.repeat(64) }));
    for (let n = 0; n < 8; n++) expect((await service.post('/v1/events', batch())).status).toBe(202);
    const { events } = (await service.get(`/v1/events?after=${head}&limit=2000`)).body;
    expect(events).toHaveLength(2000);
    const ids: number[] = [];
    for await (const chunk of slow.setEncoding('utf8')) {
      for (const [, id] of (chunk as string).matchAll(/"position":"(\d+)"/g)) ids.push(Number(id));
      if (ids.length >= 3_990) break;
    }
    slow.destroy();
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(ids.length);
  });

  async function open(path: string): Promise<IncomingMessage> {
    const { port } = new URL(gatehouse.url);
    const asked = get({
      port,
      host: '127.0.0.1',
      path,
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    });
    const [answer] = await once(asked, 'response');
    expect(answer.statusCode).toBe(200);
    return answer;
  }

  it('ends quickly when the server stops, for waiting readers and for one that does not read', async () => {
    const other = await startGatehouse();
    const tool = await other.as('tool', 'service');
    const events = () => Array.from({ length: 900 }, () => fact('ImageShared', { audience: 'x'.repeat(64) }));
    for (let n = 0; n < 8; n++) await tool.post('/v1/events', events());
    const { port } = new URL(other.url);
    const headers = { authorization: `Bearer ${other.administratorToken}`, accept: 'text/event-stream' };
    const asked = get({ port, host: '127.0.0.1', path: '/v1/events', headers });
    const [unread] = await once(asked, 'response');
    unread.on('error', () => {});
    const { head } = (await tool.get('/v1/status')).body;
    const waiting = readEventStream(`${other.url}/v1/events?after=${Number(head) - 1}`, other.administratorToken);
    expect((await waiting.next()).done).toBe(false);
    const ended = waiting.next();
    // The server does so once open requests have exceeded their time to end.
    const cutOff = jest.spyOn(other.app.getHttpServer(), 'closeAllConnections');
    await other.close();
    expect(cutOff).not.toHaveBeenCalled();
    expect((await ended).done).toBe(true);
    unread.destroy();
  });
});

describe('personal data', () => {
  it('appears in no answer and in no table in plain text, and encrypted in the log', async () => {
    const word = (what: string) => `zebra-${what}-crossing`;
    const reviewer = await gatehouse.as('rita', 'reviewer');
    const { accountId } = (
      await service.post('/v1/waitlist', { email: `${word('mail')}@example.org`, reason: word('why') })
    ).body;
    await service.post('/v1/events', [
      cloudEvent('WaitlistJoined', {
        accountId: 'pd-1',
        email: `${word('inbound')}@example.org`,
        reason: word('reason'),
      }),
      cloudEvent('ImageGenerated', { imageId: 'pd-img', accountId, prompt: word('prompt') }),
      cloudEvent('ContentFlagged', {
        imageId: 'pd-img',
        flaggedBy: 'pd-2',
        flaggerKind: 'user',
        categories: [],
        comment: word('comment'),
      }),
      cloudEvent('ImageGenerated', { imageId: 'pd img', accountId, prompt: word('malformed') }),
    ]);
    await gatehouse.settle();
    await judge(reviewer, 'pd-img', 'unsafe', { note: word('note'), rationale: word('rationale') });
    await gatehouse.settle();

    const encrypted: string[] = [];
    for (const path of ['/v1/events', '/v1/log']) {
      for (let next = '0', atHead = false; !atHead; ) {
        const { body } = await gatehouse.administrator.get(`${path}?after=${next}&limit=2000`);
        for (const event of body.events) {
          expect([path, JSON.stringify(event)]).toEqual([path, expect.not.stringMatching(SECRET)]);
          const { email, reason, prompt, comment, note } = event.data;
          encrypted.push(...[email, reason, prompt, comment, note].filter((one) => /^sealed:v2:/.test(one ?? '')));
        }
        ({ next, atHead } = body);
      }
    }
    expect(encrypted.length).toBeGreaterThanOrEqual(7);
    const { head } = (await service.get('/v1/status')).body;
    for await (const { data } of readEventStream(`${gatehouse.url}/v1/events?after=${Number(head) - 60}`, token)) {
      expect(JSON.stringify(data)).not.toMatch(SECRET);
      expect(Object.keys(data.data)).not.toContain('prompt');
      if (Number(data.position) >= Number(head) - 5) break;
    }
    for (const path of ['/v1/waitlist', `/v1/accounts/${accountId}`, '/v1/cases', '/v1/cases/pd-img', '/v1/quarantine'])
      expect(JSON.stringify((await gatehouse.administrator.get(path)).body)).not.toMatch(SECRET);
    expect(await tablesWith('zebra-')).toEqual([]);
    expect(await tablesWith('feed-1')).not.toEqual([]);
  });

  async function tablesWith(text: string): Promise<string[]> {
    const { pool } = gatehouse.runtime;
    const { rows } = await pool.query(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    const found: string[] = [];
    for (const { name } of rows) {
      const { rowCount } = await pool.query(`SELECT 1 FROM ${name} t WHERE t::text LIKE $1 LIMIT 1`, [`%${text}%`]);
      if (rowCount) found.push(name);
    }
    return found;
  }
});
