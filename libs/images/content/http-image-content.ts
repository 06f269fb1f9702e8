import type { Clock } from '../../kernel/clock.js';
import { imageAddress, signedAddress } from './image-address.js';
import { ContentError, type ImageContent, tooLarge, unknownContent } from './image-content.js';
import { MEDIA_TYPES } from './image-format.js';

export interface ImageService {
  /** With {imageId}. */
  template: string;
  /** Sent as a bearer token. */
  token?: string;
  /** Signs each request. */
  signingKey?: Buffer;
  maxBytes: number;
  timeoutMs: number;
}

const BINARY = 'application/octet-stream';
const TYPES: readonly string[] = [...Object.values(MEDIA_TYPES), BINARY];
const GONE = [404, 410];
const DENIED = [401, 403];
const TOO_MANY = 429;

/** Asks one host, without redirects: a service that is taken over can't lead anywhere else. */
export class HttpImageContent implements ImageContent {
  constructor(
    private readonly service: ImageService,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  async read(imageId: string): Promise<Buffer> {
    const { template, signingKey, timeoutMs } = this.service;
    const plain = imageAddress(template, imageId);
    const address = signingKey ? signedAddress(plain, signingKey, this.clock.now()) : plain;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(address, { headers: this.headers(), redirect: 'manual', signal });
      try {
        return await this.bodyOf(response, imageId);
      } finally {
        // Of a body that nobody reads, the connection would stay open.
        if (response.body && !response.bodyUsed) await response.body.cancel();
      }
    } catch (error) {
      if (error instanceof ContentError) throw error;
      if (signal.aborted) {
        throw new ContentError(
          'image-service-timeout',
          `the image service did not send image ${imageId} within ${timeoutMs} ms: try again, or raise GATEHOUSE_IMAGE_TIMEOUT_MS`,
        );
      }
      throw new ContentError(
        'image-service-unavailable',
        `the image service can't be reached (${causeOf(error)}): try again; if that lasts, check GATEHOUSE_IMAGE_URL`,
      );
    }
  }

  private headers(): Record<string, string> {
    const { token } = this.service;
    return {
      accept: Object.values(MEDIA_TYPES).join(', '),
      // A compressed body could be much larger than it says.
      'accept-encoding': 'identity',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
  }

  private async bodyOf(response: Response, imageId: string): Promise<Buffer> {
    refuseStatus(response.status, imageId);
    const [type = ''] = (response.headers.get('content-type') ?? BINARY).split(';');
    if (!TYPES.includes(type.trim().toLowerCase()) || response.headers.has('content-encoding')) {
      throw new ContentError(
        'image-content-unsupported',
        `the image service did not answer with a picture for image ${imageId}: PNG, JPEG and WebP are shown, without a content coding; check what it sends`,
      );
    }
    const { maxBytes } = this.service;
    const announced = response.headers.get('content-length');
    if (Number(announced ?? 0) > maxBytes) throw tooLarge(imageId, maxBytes);
    const bytes = await readAtMost(response, maxBytes, imageId);
    if (bytes.length > 0 && (announced === null || Number(announced) === bytes.length)) return bytes;
    throw interrupted(imageId);
  }
}

function refuseStatus(status: number, imageId: string): void {
  if (status === 200) return;
  if (GONE.includes(status)) throw unknownContent(imageId);
  if (status >= 300 && status < 400) {
    throw new ContentError(
      'image-service-redirected',
      `the image service redirects elsewhere for image ${imageId}, which is not followed: set GATEHOUSE_IMAGE_URL to where the images are`,
    );
  }
  if (status >= 500 || status === TOO_MANY) {
    throw new ContentError(
      'image-service-unavailable',
      `the image service answers ${status} for image ${imageId}: try again in a moment`,
    );
  }
  const remedy = DENIED.includes(status) ? 'check its token or signing key' : 'check GATEHOUSE_IMAGE_URL';
  throw new ContentError(
    'image-service-refused',
    `the image service answers ${status} for image ${imageId}: ${remedy}`,
  );
}

/** Stops reading past the limit, however much is still to come. */
async function readAtMost({ body }: Response, maxBytes: number, imageId: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = body!.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return Buffer.concat(parts, length);
      length += value.length;
      if (length > maxBytes) throw tooLarge(imageId, maxBytes);
      parts.push(value);
    }
  } catch (error) {
    if (error instanceof ContentError || (error as Error).name === 'TimeoutError') throw error;
    throw interrupted(imageId);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

const interrupted = (imageId: string): ContentError =>
  new ContentError('image-content-broken', `the image service sent only a part of image ${imageId}: try again`);

const causeOf = (error: unknown): string => {
  const { cause, message } = error as Error;
  return (cause as { code?: string } | undefined)?.code ?? message;
};
