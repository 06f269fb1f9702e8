import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SmallLog, seedOf } from '../../../test/support/small-log.js';
import { addCheckpointText, SIZE_TYPE } from '../tlog/add-checkpoint.js';
import { cosignatureLine, noteParts, noteSigner } from '../tlog/signed-note.js';
import { askWitness } from './witness-client.js';

const log = new SmallLog(7);
const signer = noteSigner('anna.example', seedOf('anna'), 'witness');
const stranger = noteSigner('bob.example', seedOf('bob'), 'witness');

interface Reply {
  status: number;
  type?: string;
  body?: string;
}

describe('an answer of a witness', () => {
  let server: Server;
  let reply: Reply;
  let received: string;
  let checkpoint: string;
  let text: string;

  beforeAll(async () => {
    checkpoint = await log.checkpoint();
    ({ text } = noteParts(checkpoint));
    server = createServer(async (request, response) => {
      received = `${request.method} ${request.url}\n`;
      for await (const part of request) received += String(part);
      response
        .writeHead(reply.status, { 'content-type': reply.type ?? 'text/plain', location: '/' })
        .end(reply.body ?? '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });

  const ask = (given: Reply, old = 3) => {
    reply = given;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`;
    return askWitness({ name: 'anna', key: signer, url }, { old, proof: [], checkpoint });
  };
  const size = (body: string): Reply => ({ status: 409, type: `${SIZE_TYPE}; charset=utf-8`, body });

  it('is its cosignature, beside whatever others it has', async () => {
    const line = cosignatureLine(text, signer, 1_652_961_600);
    const body = cosignatureLine(text, stranger, 1) + line;
    expect(await ask({ status: 200, body })).toEqual({ outcome: 'cosigned', line, time: 1_652_961_600 });
    expect(received).toBe(`POST /prefix/add-checkpoint\n${addCheckpointText({ old: 3, proof: [], checkpoint })}`);
  });

  it('is the size that it has cosigned, if that is another one', async () => {
    expect(await ask(size('5\n'))).toEqual({ outcome: 'other-size', size: 5 });
    expect(await ask(size('0'))).toEqual({ outcome: 'other-size', size: 0 });
  });

  it('is another tree, if that is what it has seen', async () => {
    expect(await ask({ status: 422 })).toEqual({ outcome: 'other-tree' });
    expect(await ask(size('7\n'), 7)).toEqual({ outcome: 'other-tree' });
    expect(await ask({ status: 409, body: 'conflict' }, 7)).toEqual({ outcome: 'other-tree' });
  });

  it.each<[string, Reply, number]>([
    ['a signature of somebody else', { status: 200, body: cosignatureLine('a\n', stranger, 1) }, 3],
    ['a signature under something else', { status: 200, body: cosignatureLine('a\n', signer, 1) }, 3],
    ['nothing', { status: 200 }, 3],
    ['noise', { status: 200, body: '\u0007\n\n\n' }, 3],
    ['a conflict without a size', { status: 409, body: '5\n' }, 3],
    ['a conflict with a size that is none', size('-5\n'), 3],
    ['a conflict although it was given nothing', { status: 422 }, 0],
    ['an error', { status: 500, body: 'oops' }, 3],
    ['another place', { status: 302 }, 3],
    ['more than anybody would read', { status: 200, body: 'x'.repeat(1_000_000) }, 3],
  ])('is none if it is %s', async (_, given, old) => {
    expect(await ask(given, old)).toEqual({ outcome: 'failed', reason: expect.any(String) });
  });

  it('is none if it does not come', async () => {
    const away = { name: 'anna', key: signer, url: 'http://127.0.0.1:9' };
    const answer = await askWitness(away, { old: 0, proof: [], checkpoint });
    expect(answer).toEqual({ outcome: 'failed', reason: expect.stringContaining('fetch failed') });
  });
});
