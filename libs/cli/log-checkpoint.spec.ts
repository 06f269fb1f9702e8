import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from './api-client.js';
import { checkpointOver, checkpointText } from './log-checkpoint.js';

/** Up to where each further checkpoint goes; the last one stays. */
let positions: (string | undefined)[] = [];
let isSigned = true;
let server: Server;
let session: { client: ApiClient; signal: AbortSignal };

beforeAll(async () => {
  server = createServer((_, response) => {
    if (!isSigned) return response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"status":404}');
    const [position] = positions.length > 1 ? positions.splice(0, 1) : positions;
    return response.writeHead(200, position === undefined ? {} : { 'gatehouse-position': position }).end('a note\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { signal } = new AbortController();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  session = { client: new ApiClient({ url, token: 'none', signal }), signal };
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('the checkpoint of what ends at a position', () => {
  it('is one that covers it, as soon as there is one', async () => {
    positions = ['7', '8', '12'];
    const found = await checkpointOver(session, '9');
    expect(found).toEqual({ checkpoint: 'a note\n', checkpointPosition: '12' });
    expect(checkpointText(found, '9')).toContain('covers all of it');
  });

  it('is the newest where the command is interrupted before, and says how far it goes', async () => {
    positions = ['8'];
    const found = await checkpointOver({ ...session, signal: AbortSignal.abort() }, '9');
    expect(found.checkpointPosition).toBe('8');
    expect(checkpointText(found, '9')).toContain('only up to position 8');
  });

  it('is unknown to cover it where an earlier release answers', async () => {
    positions = [undefined];
    const found = await checkpointOver({ ...session, signal: AbortSignal.abort() }, '9');
    expect(checkpointText(found, '9')).toContain('only up to an unknown position');
  });

  it('is none where the log signs none', async () => {
    isSigned = false;
    const found = await checkpointOver(session, '9');
    expect(found).toEqual({ checkpoint: null, checkpointPosition: null });
    expect(checkpointText(found, '9')).toContain('this log signs none');
  });
});
