import type { RawBodyRequest } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BATCHED, STRUCTURED } from '../../events/cloud-event.js';
import { parseJson } from '../../http/http-adapter.js';
import { HttpError } from '../../http/http-error.js';
import { InvalidInput } from '../../kernel/errors.js';

export const MAX_BATCH = 1_000;

/** Parses the structured and batched media types of CloudEvents. */
export function acceptCloudEvents(server: FastifyInstance): void {
  server.addContentTypeParser([STRUCTURED, BATCHED], { parseAs: 'buffer' }, (request, body, done) => {
    (request as RawBodyRequest<FastifyRequest>).rawBody = body as Buffer;
    parseJson(body as Buffer, done);
  });
}

/**
 * The events of a request in JSON form, by the HTTP protocol binding of CloudEvents 1.0: binary mode (attributes in `ce-`
 * headers, data as the body), structured mode (one event) or batched mode (an array). Plain application/json is
 * read as structured or batched by its shape.
 * @throws InvalidInput if the body is none of these, or a batch is empty or has over 1,000 events
 */
export function eventsOf(request: FastifyRequest): unknown[] {
  const { headers, body } = request;
  const mediaType = String(headers['content-type'] ?? '')
    .split(';')[0]!
    .trim()
    .toLowerCase();
  if (headers['ce-specversion'] !== undefined && mediaType !== STRUCTURED && mediaType !== BATCHED) {
    return [binaryEvent(headers, mediaType, body)];
  }
  if (mediaType === BATCHED || (mediaType !== STRUCTURED && Array.isArray(body))) {
    if (!Array.isArray(body))
      throw new InvalidInput([{ field: '', message: 'the body of a batch must be a JSON array of events' }]);
    if (body.length === 0)
      throw new InvalidInput([{ field: '', message: 'the batch is empty; send at least one event' }]);
    if (body.length > MAX_BATCH) {
      throw new HttpError(413, 'batch-too-large', `the batch has ${body.length} events; send at most ${MAX_BATCH}`);
    }
    return body;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new InvalidInput([
      {
        field: '',
        message: `the body must be a CloudEvent as a JSON object (${STRUCTURED}) or an array of them (${BATCHED})`,
      },
    ]);
  }
  return [body];
}

function binaryEvent(headers: FastifyRequest['headers'], mediaType: string, body: unknown): Record<string, unknown> {
  const attributes = Object.entries(headers)
    .filter(([name]) => name.startsWith('ce-'))
    .map(([name, value]) => [name.slice(3), percentDecoded(String(value))] as const);
  return Object.fromEntries<unknown>([
    ['datacontenttype', mediaType || 'application/json'],
    ...attributes,
    ['data', body],
  ]);
}

/** HTTP binding, 3.1.3.2: header values are percent-encoded; a malformed value is used unchanged. */
function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
