import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedNotice {
  id: string;
  type: string;
  data: Record<string, string>;
}

/** A service that receives notices by webhooks. `status` is what it answers; `env` makes a backend send them there. */
export async function startNoticeReceiver() {
  const received: ReceivedNotice[] = [];
  const answer = { status: 204 };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      received.push({ id: String(request.headers['webhook-id']), ...JSON.parse(Buffer.concat(parts).toString()) });
      response.writeHead(answer.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = {
    GATEHOUSE_NOTICE_WEBHOOK_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notices`,
    GATEHOUSE_NOTICE_WEBHOOK_SECRET: Buffer.alloc(32, 3).toString('base64'),
    GATEHOUSE_NOTICE_WEBHOOK_PRIVATE: 'on',
  };
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { received, answer, env, close };
}
