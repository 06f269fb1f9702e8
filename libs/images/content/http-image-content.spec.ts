import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Serve, startImageService } from '../../../test/support/image-service.js';
import { HttpImageContent, type ImageService } from './http-image-content.js';
import { SIGNED_FOR_MS } from './image-address.js';

const NOW = Date.UTC(2022, 4, 19);
const MAX_BYTES = 10_000;
const BYTES = Buffer.from('not looked into here');

let service: Awaited<ReturnType<typeof startImageService>>;
let elsewhere: Awaited<ReturnType<typeof startImageService>>;
let serve: Serve;

beforeAll(async () => {
  service = await startImageService((request, response) => serve(request, response));
  elsewhere = await startImageService((_, response) => response.setHeader('content-type', 'image/png').end(BYTES));
});
afterAll(() => Promise.all([service.close(), elsewhere.close()]));
afterEach(() => {
  service.asked.length = 0;
});

const read = (imageId = 'img-1', more: Partial<ImageService> = {}) =>
  new HttpImageContent(
    { template: `${service.url}/images/{imageId}?size=full`, maxBytes: MAX_BYTES, timeoutMs: 5_000, ...more },
    { now: () => NOW },
  ).read(imageId);
const answer =
  (bytes: Buffer, headers: Record<string, string> = { 'content-type': 'image/png' }, status = 200): Serve =>
  (_, response) =>
    response.writeHead(status, headers).end(bytes);
const fails = (code: string) => expect.objectContaining({ code });

describe('a request for an image', () => {
  it('asks for the image by its id, with the token, and without a content coding', async () => {
    serve = answer(BYTES);
    expect(await read('img:1~a', { token: 'secret' })).toEqual(BYTES);
    const [{ url, headers } = service.asked[0]!] = service.asked;
    expect(url).toBe('/images/img%3A1~a?size=full');
    expect(headers).toMatchObject({ authorization: 'Bearer secret', 'accept-encoding': 'identity' });
  });

  it('can be signed for a minute', async () => {
    serve = answer(BYTES);
    const signingKey = Buffer.alloc(32, 7);
    await read('img-1', { signingKey });
    const [{ url } = service.asked[0]!] = service.asked;
    const [signed, signature] = url!.split('&signature=');
    expect(signed).toBe(`/images/img-1?size=full&expires=${(NOW + SIGNED_FOR_MS) / 1000}`);
    expect(signature).toBe(createHmac('sha256', signingKey).update(signed!).digest('base64url'));
    expect(service.asked[0]!.headers.authorization).toBeUndefined();
  });

  it.each([
    '../secret',
    '..',
    '.',
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
    'a%2fb',
    '',
    'a\u0000',
    `a${'b'.repeat(200)}`,
    '@host',
  ])('is not made for %j, which is no id', async (imageId) => {
    await expect(read(imageId)).rejects.toEqual(fails('invalid-input'));
    expect(service.asked).toEqual([]);
  });
});

describe('an answer of the image service', () => {
  it.each([
    ['404', 404, 'image-content-unknown', 404],
    ['410', 410, 'image-content-unknown', 404],
    ['401', 401, 'image-service-refused', 502],
    ['403', 403, 'image-service-refused', 502],
    ['400', 400, 'image-service-refused', 502],
    ['204', 204, 'image-service-refused', 502],
    ['429', 429, 'image-service-unavailable', 503],
    ['500', 500, 'image-service-unavailable', 503],
  ])('with the status %s is explained', async (_, status, code, ours) => {
    serve = answer(Buffer.alloc(0), {}, status);
    await expect(read()).rejects.toEqual(expect.objectContaining({ code, status: ours }));
  });

  it.each([301, 302, 307, 308])('that redirects with %i is not followed, also to another host', async (status) => {
    serve = answer(Buffer.alloc(0), { location: `${elsewhere.url}/img-1` }, status);
    await expect(read()).rejects.toEqual(fails('image-service-redirected'));
    expect(elsewhere.asked).toEqual([]);
  });

  it.each(['text/html', 'image/svg+xml', 'image/gif', 'application/json', 'image/png2'])(
    'of the type %s is refused without being read',
    async (type) => {
      serve = (_, response) => response.writeHead(200, { 'content-type': type }).write(BYTES);
      await expect(read()).rejects.toEqual(fails('image-content-unsupported'));
    },
  );

  it('with a content coding is refused, since it could be much larger than it says', async () => {
    serve = answer(BYTES, { 'content-type': 'image/png', 'content-encoding': 'gzip' });
    await expect(read()).rejects.toEqual(fails('image-content-unsupported'));
  });

  it('that announces too many bytes is refused before they come', async () => {
    serve = (_, response) =>
      response.writeHead(200, { 'content-type': 'image/png', 'content-length': String(MAX_BYTES + 1) }).write(BYTES);
    await expect(read()).rejects.toEqual(fails('image-content-too-large'));
  });

  it('without an end is cut off past the limit', async () => {
    let closed: Promise<unknown> | undefined;
    serve = (_, response) => {
      closed = once(response, 'close');
      response.writeHead(200, { 'content-type': 'image/png' });
      const more = () => {
        while (response.write(Buffer.alloc(1_000)));
        response.once('drain', more);
      };
      more();
    };
    await expect(read()).rejects.toEqual(fails('image-content-too-large'));
    await closed;
  });

  it.each<[string, Record<string, string>]>([
    ['its length', { 'content-length': '100' }],
    ['chunks', {}],
  ])('that ends early is refused: by %s', async (_, headers) => {
    serve = (_, response) => {
      response.writeHead(200, { 'content-type': 'image/png', ...headers });
      response.write(BYTES, () => response.destroy());
    };
    await expect(read()).rejects.toEqual(fails('image-content-broken'));
  });

  it('that is empty is refused', async () => {
    serve = answer(Buffer.alloc(0));
    await expect(read()).rejects.toEqual(fails('image-content-broken'));
  });

  it.each<[string, Serve]>([
    ['does not begin', () => undefined],
    ['does not end', (_, response) => response.writeHead(200, { 'content-type': 'image/png' }).write(BYTES)],
  ])('that %s in time is given up', async (_, never) => {
    serve = never;
    await expect(read('img-1', { timeoutMs: 100 })).rejects.toEqual(
      expect.objectContaining({ code: 'image-service-timeout', status: 504 }),
    );
  });

  it('is missing if nobody listens', async () => {
    const closed = await startImageService(() => undefined);
    await closed.close();
    await expect(read('img-1', { template: `${closed.url}/{imageId}` })).rejects.toEqual(
      fails('image-service-unavailable'),
    );
  });
});
