import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NoticeQueued } from '../events.js';
import type { Notice } from '../notice.js';
import { isPrivateHost, isPublicAddress } from './public-address.js';
import { webhookKey } from './signature.js';
import { WebhookSender, type WebhookTarget } from './webhook-sender.js';

const NOW = Date.parse('2022-05-19T10:00:00.500Z');
const notice = NoticeQueued.example as Notice;
const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];

let server: Server;
let requests: { headers: IncomingMessage['headers']; path: string; body: string }[] = [];
let respond: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      requests.push({ headers: request.headers, path: request.url!, body });
      respond(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  requests = [];
  respond = (response) => response.writeHead(204).end();
});

const port = () => (server.address() as AddressInfo).port;
const sender = (change: Partial<WebhookTarget> = {}) =>
  new WebhookSender(
    { url: `http://127.0.0.1:${port()}/hook`, keys, isPrivateAllowed: true, timeoutMs: 60_000, ...change },
    { now: () => NOW },
  );
const failure = (sending: Promise<void>) =>
  sending.then(
    () => undefined,
    ({ message, isPermanent }) => ({ message, isPermanent }),
  );

describe('a webhook', () => {
  it('has the notice with its text, signed with each key over id, timestamp and body', async () => {
    await sender().send(notice);
    const [{ headers, body }] = requests as [(typeof requests)[number]];
    expect(JSON.parse(body)).toMatchObject({
      type: 'notice.measure-imposed',
      data: { accountId: 'acc-1', clause: 'violent', text: expect.stringContaining('appeal until 2022-11-15') },
    });
    expect(headers).toMatchObject({ 'webhook-id': notice.noticeId, 'webhook-timestamp': '1652954400' });
    const signed = keys.map((key) => {
      const text = `${notice.noticeId}.1652954400.${body}`;
      return `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
    });
    expect(headers['webhook-signature']).toBe(signed.join(' '));
  });

  it('follows no redirect', async () => {
    respond = (response) => response.writeHead(307, { location: '/elsewhere' }).end();
    expect(await failure(sender().send(notice))).toMatchObject({ message: expect.stringContaining('redirects (307)') });
    expect(requests.map(({ path }) => path)).toEqual(['/hook']);
  });

  it('fails for good only if the receiver is gone', async () => {
    for (const [status, isPermanent] of [
      [500, false],
      [400, false],
      [410, true],
    ] as const) {
      respond = (response) => response.writeHead(status).end('words of the receiver');
      const message = `the receiver answers ${status}`;
      expect(await failure(sender().send(notice))).toEqual({ message, isPermanent });
    }
  });

  it('waits no longer than it may, and reads nothing of an endless answer', async () => {
    respond = () => undefined;
    expect(await failure(sender({ timeoutMs: 100 }).send(notice))).toMatchObject({
      message: 'the receiver did not answer within 100 ms',
    });
    respond = (response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    };
    expect(await failure(sender().send(notice))).toBeUndefined();
  });

  it('fails if the receiver wants another protocol or ends the connection, and waits for nothing', async () => {
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n';
    respond = (response) => response.socket!.end(switching);
    expect(await failure(sender().send(notice))).toEqual({ message: 'the receiver answers 101', isPermanent: false });
    respond = (response) => response.socket!.end();
    expect(await failure(sender().send(notice))).toMatchObject({ isPermanent: false });
  });

  it('is not sent to an address of this machine or of a private network unless that is meant', async () => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      const url = `http://${host}:${port()}/hook`;
      expect(await failure(sender({ url, isPrivateAllowed: false }).send(notice))).toMatchObject({
        message: expect.stringContaining('has a private address'),
      });
    }
    expect(requests).toEqual([]);
  });

  it('fails without the words of the system if the receiver can’t be reached', async () => {
    expect(await failure(sender({ url: 'http://127.0.0.1:1/' }).send(notice))).toEqual({
      message: "the receiver can't be reached (ECONNREFUSED)",
      isPermanent: false,
    });
  });
});

it('knows addresses of special use, also in IPv6 form', () => {
  const special = [
    '10.0.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
  ];
  for (const one of [...special, '64:ff9b::a00:1', '224.0.0.1', 'nonsense'])
    expect([one, isPublicAddress(one)]).toEqual([one, false]);
  for (const one of ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'])
    expect(isPublicAddress(one)).toBe(true);
  expect([isPrivateHost('[fd00::1]'), isPrivateHost('example.org')]).toEqual([true, false]);
});

it('takes secrets of 24 to 64 bytes in base64', () => {
  const secret = Buffer.alloc(24, 7).toString('base64');
  expect(webhookKey(`whsec_${secret}`)).toEqual(Buffer.alloc(24, 7));
  expect(webhookKey(secret)).toEqual(Buffer.alloc(24, 7));
  for (const wrong of ['', 'whsec_', 'c2hvcnQ=', 'not base64!', Buffer.alloc(65).toString('base64')])
    expect([wrong, webhookKey(wrong)]).toEqual([wrong, undefined]);
});
