import type { RawBodyRequest } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ANY_CLOUDEVENTS, BATCHED, mediaTypeOf, STRUCTURED } from '../../events/cloud-event.js';
import { acceptsAnyNames, parseJson } from '../../http/http-adapter.js';
import { HttpError } from '../../http/http-error.js';
import { InvalidInput } from '../../kernel/errors.js';

export const MAX_BATCH = 1_000;

const PREFIX = 'ce-';
const SPEC_VERSION = `${PREFIX}specversion`;
const JSON_SUFFIX = /^application\/[^;]*\+json\s*(?:;|$)/i;

/**
 * Accepts the media types of CloudEvents on the routes for events: structured and batched mode, and in binary mode any JSON,
 * also without a Content-Type.
 */
export function acceptCloudEvents(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const { headers } = request.raw;
    if (acceptsAnyNames(request) && isBinary(request)) headers['content-type'] ??= 'application/json';
    done();
  });
  server.addContentTypeParser(JSON_SUFFIX, { parseAs: 'buffer' }, (request, body, done) => {
    const mediaType = mediaTypeOf(request.headers['content-type']!);
    const isWhole = mediaType === STRUCTURED || mediaType === BATCHED;
    const isData = isBinary(request) && !mediaType.startsWith(ANY_CLOUDEVENTS);
    if (!acceptsAnyNames(request) || !(isWhole || isData)) return done(unsupported(mediaType));
    (request as RawBodyRequest<FastifyRequest>).rawBody = body as Buffer;
    parseJson(body as Buffer, done);
  });
}

const isBinary = ({ headers }: FastifyRequest): boolean => headers[SPEC_VERSION] !== undefined;

const unsupported = (mediaType: string) =>
  new HttpError(415, 'unsupported-media-type', `the Content-Type ${mediaType} is not supported by this route`);

/**
 * The events of a request in JSON form, by the HTTP protocol binding of CloudEvents 1.0: binary mode (attributes in `ce-`
 * headers, data as the body), structured mode (one event) or batched mode (an array). Plain application/json is
 * read as structured or batched by its shape.
 * @throws InvalidInput if the body or a header is none of these; HttpError for more than 1,000 events
 */
export function eventsOf(request: FastifyRequest): unknown[] {
  const { headers, body } = request;
  const mediaType = mediaTypeOf(headers['content-type'] ?? '');
  if (isBinary(request) && mediaType !== STRUCTURED && mediaType !== BATCHED) return [binaryEvent(request)];
  if (mediaType === BATCHED || (mediaType !== STRUCTURED && Array.isArray(body))) {
    if (!Array.isArray(body))
      throw new InvalidInput([{ field: '', message: 'the body of a batch must be a JSON array of events' }]);
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

/** Also one whose name no attribute may have, which the check of the event refuses. `data` is the body. */
const ATTRIBUTE = /^ce-(?!data$)./;

/** @throws InvalidInput that names every header that can't be decoded */
function binaryEvent({ raw: { headersDistinct }, headers, body }: FastifyRequest): Record<string, unknown> {
  const faults: { field: string; message: string }[] = [];
  const attributes = Object.entries(headersDistinct).flatMap(([name, values = []]): [string, unknown][] => {
    if (!ATTRIBUTE.test(name)) return [];
    const value = decodedHeader(values[0]!);
    if (values.length > 1) faults.push({ field: name, message: 'occurs more than once; send it once' });
    if (value === undefined) faults.push({ field: name, message: BAD_HEADER });
    return [[name.slice(PREFIX.length), value]];
  });
  if (faults.length > 0) throw new InvalidInput(faults);
  return Object.fromEntries<unknown>([['datacontenttype', headers['content-type']], ...attributes, ['data', body]]);
}

const BAD_HEADER =
  'has a broken percent-encoding or an open double quote; percent-encode the value in UTF-8, with % as %25 and " as %22';
/** What is outside double quotes, or between them with backslash escapes. */
const PARTS = /[^"]+|"((?:[^"\\]|\\.)*)"/gy;

/** HTTP binding, section 3.1.3.2: double quotes first, then percent-encoding. Undefined if either is broken. */
function decodedHeader(value: string): string | undefined {
  let end = 0;
  const unquoted = Array.from(value.matchAll(PARTS), ([part, quoted]) => {
    end += part.length;
    return quoted === undefined ? part : quoted.replace(/\\(.)/g, '$1');
  }).join('');
  try {
    return end === value.length ? decodeURIComponent(unquoted) : undefined;
  } catch {
    return undefined;
  }
}
