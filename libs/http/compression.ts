import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { type Encoding, preferredEncoding } from './preferred.js';

/** A shorter body fits into one packet anyway. */
const MIN_BYTES = 1_400;
const TEXT = /^(text\/|application\/(openmetrics-text|([\w.-]+\+)?json)\b)/;
/** Of answers, which are compressed for one caller each. */
const QUICK = { gzip: 5, br: 4 };
/** Of what is compressed once in a process. Brotli above 9 needs five to twelve times the time for 6 to 8 % fewer bytes. */
const THOROUGH = { gzip: 9, br: 9 };

const toGzip = promisify(gzip);
const toBrotli = promisify(brotliCompress);

/** Compresses in another thread. */
export async function compressed(
  body: Buffer | string,
  encoding: Exclude<Encoding, 'identity'>,
  { isThorough = false } = {},
): Promise<Buffer> {
  const level = (isThorough ? THOROUGH : QUICK)[encoding];
  return encoding === 'gzip'
    ? toGzip(body, { level })
    : toBrotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: level } });
}

/** Compresses texts of some length, unless the route has encoded them itself. */
export function compressAnswers(server: FastifyInstance): void {
  server.addHook('onSend', async (request, reply, payload) => {
    const isBody = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (!isBody || payload.length < MIN_BYTES || reply.hasHeader('content-encoding')) return payload;
    if (!TEXT.test(String(reply.getHeader('content-type')))) return payload;
    reply.header('vary', 'accept-encoding');
    const encoding = preferredEncoding(request.headers['accept-encoding']);
    // HEAD too: its Content-Length is that of the compressed body.
    if (encoding === 'identity') return payload;
    reply.header('content-encoding', encoding).removeHeader('content-length');
    return compressed(payload, encoding);
  });
}
