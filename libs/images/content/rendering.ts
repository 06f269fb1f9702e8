import type { Sharp, SharpConstructor } from 'sharp';
import { ContentError } from './image-content.js';
import { FORMATS, type Format, formatOf, isAnimated, MEDIA_TYPES } from './image-format.js';

/** From the least to the most that can be recognized. */
export const IMAGE_LEVELS = ['blurred', 'grey', 'full'] as const;
export type ImageLevel = (typeof IMAGE_LEVELS)[number];

export interface Picture {
  mediaType: (typeof MEDIA_TYPES)[Format];
  bytes: Buffer;
}

/** Of a preview. */
export const MAX_PREVIEW_BYTES = 10_000;
const PREVIEW_SIDE = 256;
const PREVIEW_BLUR = 7;
const PREVIEW_QUALITIES = [50, 25, 5];
/** Of the levels below `full`. */
const SIDE = 2_048;
const BLUR_SHARE = 100;
const QUALITY = 90;
const TIME_LIMIT_S = 5;
const MEGA = 1_000_000;
/** The decoders of libvips for the formats that are shown; every other one is blocked, whatever the bytes claim to be. */
const DECODERS: Record<Format, string> = {
  png: 'VipsForeignLoadPng',
  jpeg: 'VipsForeignLoadJpeg',
  webp: 'VipsForeignLoadWebp',
};

let loading: Promise<SharpConstructor> | undefined;

/** Loaded when the first image is shown: most processes never show one. */
function decoder(): Promise<SharpConstructor> {
  loading ??= import('sharp').then(({ default: sharp }) => {
    sharp.cache(false);
    // A picture is decoded by one thread; several pictures are decoded at a time.
    sharp.concurrency(1);
    sharp.block({ operation: ['VipsForeignLoad'] });
    sharp.unblock({ operation: Object.values(DECODERS) });
    return sharp;
  });
  return loading;
}

/**
 * A small picture in which nothing can be recognized but shapes, grey and blurred, of at most MAX_PREVIEW_BYTES.
 * @throws ContentError
 */
export async function renderPreview(bytes: Buffer, imageId: string, maxMegapixels: number): Promise<Picture> {
  const small = await decoded(bytes, imageId, maxMegapixels, (image) =>
    image
      .resize(PREVIEW_SIDE, PREVIEW_SIDE, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#808080' })
      .greyscale()
      .blur(PREVIEW_BLUR)
      .png(),
  );
  const sharp = await decoder();
  for (const quality of PREVIEW_QUALITIES) {
    const preview = await sharp(small.bytes).webp({ quality }).toBuffer();
    if (preview.length <= MAX_PREVIEW_BYTES) return { mediaType: MEDIA_TYPES.webp, bytes: preview };
  }
  throw broken(imageId);
}

/**
 * The picture at a level. It is decoded and encoded again also as `full`: what else the file holds, such as metadata, a
 * script or a second picture behind its end, reaches no reviewer.
 * @throws ContentError
 */
export function renderLevel(
  bytes: Buffer,
  imageId: string,
  level: ImageLevel,
  maxMegapixels: number,
): Promise<Picture> {
  return decoded(bytes, imageId, maxMegapixels, (image, format, side) => {
    if (level === 'full') return image.toFormat(format, format === 'png' ? {} : { quality: 100 });
    const grey = image
      .resize(SIDE, SIDE, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#808080' })
      .greyscale();
    return (level === 'grey' ? grey : grey.blur(Math.max(1, Math.min(side, SIDE) / BLUR_SHARE))).webp({
      quality: QUALITY,
    });
  });
}

async function decoded(
  bytes: Buffer,
  imageId: string,
  maxMegapixels: number,
  render: (image: Sharp, format: Format, side: number) => Sharp,
): Promise<Picture> {
  const format = formatOf(bytes);
  if (!format || isAnimated(bytes, format)) {
    throw new ContentError(
      'image-content-unsupported',
      `image ${imageId} is no still picture as PNG, JPEG or WebP: check what the image service stores`,
    );
  }
  const sharp = await decoder();
  const maxPixels = maxMegapixels * MEGA;
  const { width = 0, height = 0 } = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => Promise.reject(broken(imageId)));
  if (width * height > maxPixels) {
    throw new ContentError(
      'image-content-too-large',
      `image ${imageId} has ${width} x ${height} pixels, more than ${maxMegapixels} million: raise GATEHOUSE_IMAGE_MAX_MEGAPIXELS if that is right`,
    );
  }
  const image = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error', sequentialRead: true }).autoOrient();
  try {
    const { data, info } = await render(image, format, Math.max(width, height))
      .timeout({ seconds: TIME_LIMIT_S })
      .toBuffer({ resolveWithObject: true });
    return { mediaType: MEDIA_TYPES[info.format as Format], bytes: data };
  } catch {
    throw broken(imageId);
  }
}

const broken = (imageId: string): ContentError =>
  new ContentError(
    'image-content-broken',
    `image ${imageId} can't be decoded: it is incomplete or damaged; check what the image service stores`,
  );

export const isImageLevel = (level: string): level is ImageLevel => IMAGE_LEVELS.some((one) => one === level);

/** Every media type that a picture may have. */
export const PICTURE_TYPES = FORMATS.map((format) => MEDIA_TYPES[format]);
