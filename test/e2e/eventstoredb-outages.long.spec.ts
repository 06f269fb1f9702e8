import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EventStoreDBProcess, startEventStoreDB } from '../support/eventstoredb/server-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { prepareBuild } from '../support/standalone-process.js';
import { until } from '../support/until.js';

/** Forwards a port until it has to swallow everything: connections stay, and nothing arrives. */
async function startProxy(target: number) {
  const sockets = new Set<Socket>();
  let isSwallowing = false;
  const server: Server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => !isSwallowing && to.write(data));
      from.on('error', () => {}).on('close', () => to.destroy());
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as { port: number }).port,
    swallow() {
      isSwallowing = true;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const flag = (imageId: string) =>
  cloudEvent('ContentFlagged', { imageId, flaggedBy: 'det-1', flaggerKind: 'detector', categories: ['violent'] });

beforeAll(prepareBuild);

/** Runs a program with a store on the hosts. @param during gets its output so far, whenever there is more */
async function runWithStore(
  hosts: string,
  program: string,
  during: (output: string) => void = () => {},
  options = 'tls=false&maxDiscoverAttempts=2&discoveryInterval=10',
) {
  const script = `
    const { EventStoreDBEventStore } = await import('./dist/libs/event-store/eventstoredb/eventstoredb-event-store.js');
    const { systemClock } = await import('./dist/libs/kernel/clock.js');
    const address = 'esdb://${hosts}?${options}';
    const { StoredEvents } = await import('./dist/libs/events/stored-events.js');
    const stored = new StoredEvents([], ['account']);
    const lostRejection = (error) => console.log('lost: ' + error.message);
    const store = new EventStoreDBEventStore(address, systemClock, stored, { lostRejection });
    const { signal } = new AbortController();
    const event = { id: crypto.randomUUID(), type: 'Tested', data: {}, metadata: {} };
    const callAll = () => Promise.allSettled([
      store.head(),
      store.readAll(0),
      store.readStream('account-1'),
      store.readNext(0, { waitMs: 10, signal }),
      store.append([{ stream: 'account-1', expected: 'any', events: [event] }]),
    ]);
    const failures = new Set();
    ${program}
    console.log('alive: ' + [...failures]);
    await store.close();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      during(output);
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

describe('a cluster that can not be reached', () => {
  it('ends no process: every request fails, and may be sent again', async () => {
    const { code, output } = await runWithStore(
      '127.0.0.1:1,127.0.0.1:2',
      'for (let n = 0; n < 10; n++) for (const { reason } of await callAll()) failures.add(reason.constructor.name);',
    );
    expect(output).toMatch(/^alive: EventStoreUnavailable$/m);
    expect(code).toBe(0);
  });

  it('ends no process that had reached it', async () => {
    const server = await startEventStoreDB();
    let isStopping = false;
    const { code, output } = await runWithStore(
      `127.0.0.1:${server.port},127.0.0.1:1`,
      `
        await callAll();
        console.log('reached');
        for (let failed = 0; failed < 20; ) {
          const answers = await Promise.all([callAll(), callAll(), callAll()]);
          for (const { reason } of answers.flat()) if (reason) failures.add(reason.constructor.name);
          if (answers.flat().every(({ reason }) => reason)) failed++;
        }
      `,
      (text) => {
        if (isStopping || !text.includes('reached')) return;
        isStopping = true;
        void server.stop();
      },
    );
    expect(output).toMatch(/^alive: EventStoreUnavailable$/m);
    expect(code).toBe(0);
  });

  it('ends no process for a promise that the client library loses, but for one of our own', async () => {
    const lose = (error: string) => `
      const failure = await callAll().then(([head]) => head.reason.cause);
      void Promise.reject(${error});
      await new Promise(setImmediate); // a rejection without a handler is reported before
    `;
    const lost = await runWithStore('127.0.0.1:1,127.0.0.1:2', lose('failure'));
    expect(lost.output).toMatch(/^lost: Failed to discover after 2 attempts\.$/m);
    expect(lost.code).toBe(0);
    const own = await runWithStore('127.0.0.1:1,127.0.0.1:2', lose("new Error('of our own')"));
    expect(own.output).toMatch(/of our own/);
    expect(own.code).not.toBe(0);
  });
});

it('prints no warning about an IP address over TLS, which users can not change', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-tls-'));
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate];
  execFileSync('openssl', [...made, ...subject], { stdio: 'ignore' });
  const server = await startEventStoreDB({ certificate, key });
  const program = 'for (const { status } of await callAll()) failures.add(status);';
  const address = `127.0.0.1:${server.port}`;
  const { code, output } = await runWithStore(address, program, undefined, `tls=true&tlsCAFile=${certificate}`);
  expect({ code, output }).toEqual({ code: 0, output: 'alive: fulfilled\n' });
  await server.stop();
  await rm(directory, { recursive: true });
});

describe('an outage of the event store', () => {
  let server: EventStoreDBProcess;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let gatehouse: TestGatehouse;
  let service: Client;

  beforeAll(async () => {
    server = await startEventStoreDB();
    proxy = await startProxy(server.port);
    gatehouse = await startGatehouse({
      env: {
        GATEHOUSE_EVENTSTORE_URL: `esdb://127.0.0.1:${proxy.port}?tls=false`,
        GATEHOUSE_ANSWER_LIMIT_MS: '1500',
        GATEHOUSE_DECISION_WAIT_MS: '1000',
        GATEHOUSE_ACCESS_WAIT_MS: '1000',
      },
    });
    service = await gatehouse.as('detector', 'service');
  });
  afterAll(async () => {
    await proxy.close();
    await gatehouse.close();
    await server.stop();
  });

  it('never answers that facts are at fault while a leader is chosen', async () => {
    const known = flag('img-1');
    expect((await service.post('/v1/events', known)).status).toBe(202);
    await server.setElection(true);
    const answers = await Promise.all([
      service.post('/v1/events', known),
      service.post('/v1/events', flag('img-2')),
      service.get('/v1/events?after=300'),
    ]);
    for (const { status, headers } of answers) {
      expect([202, 503]).toContain(status);
      if (status === 503) expect(headers.get('retry-after')).not.toBeNull();
    }
    expect(answers.at(-1)!.status).toBe(503);
    await server.setElection(false);
    // A busy machine may need more than the limit of one answer.
    await until(async () => (await service.post('/v1/events', known)).status === 202);
  });

  it('answers 503 within its limit when the network swallows everything, however often it tries inside', async () => {
    proxy.swallow();
    const requests = [
      service.post('/v1/events', flag('img-3')),
      service.post('/v1/events', [flag('img-4'), flag('img-5')], {
        'content-type': 'application/cloudevents-batch+json',
      }),
      gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 2000 }),
    ];
    for (const { status, headers, body } of await Promise.all(requests)) {
      expect({ status, detail: body.detail }).toMatchObject({
        status: 503,
        detail: expect.stringContaining('event store'),
      });
      expect(headers.get('retry-after')).not.toBeNull();
    }
  });
});
