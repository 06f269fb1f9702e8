import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { Notice } from '../notice.js';
import { messageOf } from '../templates/message.js';
import type { Links } from '../templates/template.js';
import { isPrivateHost, PRIVATE_ADDRESS, publicLookup } from './public-address.js';
import { SendError, type Sender } from './sender.js';
import { webhookHeaders } from './signature.js';

export interface WebhookTarget {
  url: string;
  /** Signs with each: the secret, and the former one while the receiver changes it. */
  keys: readonly Buffer[];
  /** Whether the receiver may have an address of this machine or of a private network. */
  isPrivateAllowed: boolean;
  timeoutMs: number;
  links?: Links | undefined;
}

const GONE = 410;
const MAX_BODY_BYTES = 16_384;

/** Posts notices to one receiver, without redirects and without reading what it answers beyond the status. */
export class WebhookSender implements Sender {
  constructor(
    private readonly target: WebhookTarget,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  async send(notice: Notice): Promise<void> {
    const { url, keys, isPrivateAllowed, links } = this.target;
    const address = new URL(url);
    if (!isPrivateAllowed && isPrivateHost(address.hostname)) throw refusedAddress();
    const now = this.clock.now();
    const body = JSON.stringify({
      type: `notice.${notice.kind}`,
      timestamp: toIso(now),
      data: { ...notice, ...messageOf(notice, links) },
    });
    if (Buffer.byteLength(body) > MAX_BODY_BYTES) throw new SendError('the notice is too large', true);
    const status = await this.post(address, body, webhookHeaders(notice.noticeId, body, keys, now));
    if (status >= 200 && status < 300) return;
    if (status >= 300 && status < 400)
      throw new SendError(`the receiver redirects (${status}), which is not followed: correct the URL`);
    throw new SendError(`the receiver answers ${status}`, status === GONE);
  }

  private post(address: URL, body: string, signed: Record<string, string>): Promise<number> {
    const { isPrivateAllowed, timeoutMs } = this.target;
    const signal = AbortSignal.timeout(timeoutMs);
    return new Promise((resolve, reject) => {
      const send = address.protocol === 'https:' ? requestHttps : requestHttp;
      const sent = send(address, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(body)),
          'user-agent': 'gatehouse',
          ...signed,
        },
        agent: false,
        signal,
        ...(!isPrivateAllowed && { lookup: publicLookup }),
      });
      sent.on('response', (answer) => {
        const { statusCode = 0 } = answer;
        resolve(statusCode);
        // However much it sends.
        answer.on('error', () => undefined).destroy();
      });
      sent.on('upgrade', ({ statusCode = 0 }, socket) => {
        resolve(statusCode);
        socket.destroy();
      });
      // Whatever else ends the request: without an answer this would wait for ever. A settled promise stays as it is.
      sent.on('close', () => reject(new SendError('the receiver ended the connection without an answer')));
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === PRIVATE_ADDRESS) return reject(refusedAddress());
        reject(
          signal.aborted
            ? new SendError(`the receiver did not answer within ${timeoutMs} ms`)
            : new SendError(`the receiver can't be reached (${error.code ?? error.name})`),
        );
      });
      sent.end(body);
    });
  }
}

const refusedAddress = () =>
  new SendError('the receiver has a private address: set GATEHOUSE_NOTICE_WEBHOOK_PRIVATE=on if that is meant');
