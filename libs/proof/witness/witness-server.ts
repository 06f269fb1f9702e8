import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WitnessReply } from './witness.js';

/** A proof has 63 lines; the rest is for the signatures of a checkpoint. */
const MAX_REQUEST_BYTES = 65_536;
const REQUEST_TIMEOUT_MS = 10_000;
const TEXT = 'text/plain; charset=utf-8';

export interface WitnessServerOptions {
  host: string;
  /** 0 picks a free port. */
  port: number;
  /** What visitors of its address see: its name and its key. */
  about: string;
  addCheckpoint(request: string): Promise<WitnessReply>;
  /** Something failed that is not the fault of the request. */
  failed(error: unknown): void;
}

export interface WitnessServer {
  url: string;
  close(): Promise<void>;
}

/** Serves `POST /add-checkpoint` of C2SP tlog-witness, and its key at `/`. */
export async function serveWitness(options: WitnessServerOptions): Promise<WitnessServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, async (request, response) => {
    const { status, type, body } = await replyTo(request, options).catch((error): WitnessReply => {
      options.failed(error);
      return { status: 500, type: TEXT, body: 'the witness failed: ask again later\n' };
    });
    response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
  });
  await listening(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

const listening = (server: Server, { host, port }: WitnessServerOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

async function replyTo(request: IncomingMessage, options: WitnessServerOptions): Promise<WitnessReply> {
  const { method, url } = request;
  if (url === '/' && method === 'GET') return { status: 200, type: TEXT, body: options.about };
  if (url !== '/add-checkpoint') return { status: 404, type: TEXT, body: 'there is only /add-checkpoint\n' };
  if (method !== 'POST') return { status: 405, type: TEXT, body: 'send a POST\n' };
  const body = await limitedBody(request);
  if (body === undefined) return { status: 413, type: TEXT, body: `send at most ${MAX_REQUEST_BYTES} bytes\n` };
  return options.addCheckpoint(body);
}

async function limitedBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes <= MAX_REQUEST_BYTES) parts.push(part);
  }
  return bytes > MAX_REQUEST_BYTES ? undefined : Buffer.concat(parts).toString('utf8');
}
