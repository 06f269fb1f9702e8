import { HttpError } from '../../http/http-error.js';

/** Where the bytes of images come from: the image service, or a directory for a demonstration. */
export interface ImageContent {
  /**
   * The stored bytes of an image, at most as many as the setting allows. Nothing has looked into them yet.
   * @throws ContentError; InvalidInput if the id has another form
   */
  read(imageId: string): Promise<Buffer>;
}

/** Nest injection token of ImageContent. */
export const IMAGE_CONTENT = Symbol('ImageContent');

const STATUS = {
  'image-content-off': 409,
  'image-content-unknown': 404,
  'image-content-too-large': 502,
  'image-content-unsupported': 502,
  'image-content-broken': 502,
  'image-service-refused': 502,
  'image-service-redirected': 502,
  'image-service-unavailable': 503,
  'image-service-busy': 503,
  'image-service-timeout': 504,
} as const;

export type ContentProblem = keyof typeof STATUS;

/** Why the content of an image can't be shown. The code is also the outcome in the metrics. */
export class ContentError extends HttpError {
  constructor(
    readonly problem: ContentProblem,
    message: string,
  ) {
    super(STATUS[problem], problem, message);
  }
}

/** The codes by their status, for the documents of the routes that show content. */
export const CONTENT_PROBLEMS: Record<number, ContentProblem[]> = {};
for (const code of Object.keys(STATUS) as ContentProblem[]) {
  CONTENT_PROBLEMS[STATUS[code]] = [...(CONTENT_PROBLEMS[STATUS[code]] ?? []), code];
}

/** Used without an image service. */
export const noContent: ImageContent = {
  async read() {
    throw new ContentError(
      'image-content-off',
      'no image service is configured: set GATEHOUSE_IMAGE_URL, or GATEHOUSE_IMAGE_DIRECTORY for a demonstration',
    );
  },
};

export const unknownContent = (imageId: string): ContentError =>
  new ContentError(
    'image-content-unknown',
    `the image service has no image ${imageId}: it may have been deleted there; decide the case without it`,
  );

export const tooLarge = (imageId: string, limit: number): ContentError =>
  new ContentError(
    'image-content-too-large',
    `image ${imageId} has more than ${limit} bytes: raise GATEHOUSE_IMAGE_MAX_MB if that is right`,
  );
