import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { animatedPng, animatedWebp, decompressionBomb, noise } from '../../../test/support/sample-pictures.js';
import { FORMATS, type Format, formatOf, isAnimated, MEDIA_TYPES } from './image-format.js';
import { IMAGE_LEVELS, MAX_PREVIEW_BYTES, renderLevel, renderPreview } from './rendering.js';

const MEGAPIXELS = 25;
const full = (bytes: Buffer, maxMegapixels = MEGAPIXELS) => renderLevel(bytes, 'img-1', 'full', maxMegapixels);
const fails = (code: string) => expect.objectContaining({ code });

/** How much a pixel differs from the one to its right, on average. */
async function contrast(bytes: Buffer): Promise<number> {
  const { data, info } = await sharp(bytes).greyscale().raw().toBuffer({ resolveWithObject: true });
  let sum = 0;
  for (let at = info.channels; at < data.length; at += info.channels)
    sum += Math.abs(data[at]! - data[at - info.channels]!);
  return (sum * info.channels) / data.length;
}

/** Of all pixels, how far the colours are from grey. */
async function colour(bytes: Buffer): Promise<number> {
  const { data } = await sharp(bytes).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  let farthest = 0;
  for (let at = 0; at + 2 < data.length; at += 3) {
    const [red, green, blue] = [data[at]!, data[at + 1]!, data[at + 2]!];
    farthest = Math.max(farthest, Math.max(red, green, blue) - Math.min(red, green, blue));
  }
  return farthest;
}

describe('a picture at a level', () => {
  it.each(FORMATS)('shows a %s blurred, then grey, then as made', async (format) => {
    const made = await noise(format);
    const [blurred, grey, whole] = await Promise.all(
      IMAGE_LEVELS.map((level) => renderLevel(made, 'img-1', level, MEGAPIXELS)),
    );
    expect([blurred!.mediaType, grey!.mediaType, whole!.mediaType]).toEqual([
      'image/webp',
      'image/webp',
      MEDIA_TYPES[format],
    ]);
    expect(await contrast(blurred!.bytes)).toBeLessThan((await contrast(grey!.bytes)) / 2);
    expect(await colour(grey!.bytes)).toBeLessThan(4);
    expect(await colour(whole!.bytes)).toBeGreaterThan(50);
    const { width, height } = await sharp(whole!.bytes).metadata();
    expect([width, height]).toEqual([320, 200]);
  });

  it('shows the pixels of a PNG exactly', async () => {
    const made = await noise('png');
    const raw = (bytes: Buffer) => sharp(bytes).raw().toBuffer();
    expect((await raw((await full(made)).bytes)).equals(await raw(made))).toBe(true);
  });

  it('passes on nothing else of the file: no script behind its end, no metadata', async () => {
    const script = '<script>alert(1)</script>';
    const made = await sharp(await noise('jpeg'))
      .withExif({ IFD0: { Copyright: script } })
      .jpeg()
      .toBuffer();
    const polyglot = Buffer.concat([made, Buffer.from(script)]);
    expect(polyglot.toString('latin1').split(script)).toHaveLength(3);
    for (const level of IMAGE_LEVELS)
      expect((await renderLevel(polyglot, 'img-1', level, MEGAPIXELS)).bytes.toString('latin1')).not.toContain(
        'script',
      );
  });
});

describe('a preview', () => {
  it.each(FORMATS)('of a %s is grey, blurred and small, whatever it shows', async (format) => {
    const preview = await renderPreview(await noise(format, 2_000, 1_500), 'img-1', MEGAPIXELS);
    expect(preview.mediaType).toBe('image/webp');
    expect(preview.bytes.length).toBeLessThanOrEqual(MAX_PREVIEW_BYTES);
    expect(await colour(preview.bytes)).toBeLessThan(4);
    const { width, height } = await sharp(preview.bytes).metadata();
    expect([width, height]).toEqual([256, 192]);
  });

  it('is made of a picture of one pixel too', async () => {
    const preview = await renderPreview(await noise('png', 1, 1), 'img-1', MEGAPIXELS);
    expect(formatOf(preview.bytes)).toBe('webp');
  });
});

describe('hostile content', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>';

  it.each<[string, () => Buffer | Promise<Buffer>]>([
    ['an SVG', () => Buffer.from(svg)],
    ['an SVG behind an XML declaration', () => Buffer.from(`<?xml version="1.0"?>${svg}`)],
    ['HTML', () => Buffer.from('<!doctype html><p>not found')],
    ['a GIF', () => Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;', 'latin1')],
    [
      'a TIFF',
      () =>
        sharp({ create: { width: 8, height: 8, channels: 3, background: '#f00' } })
          .tiff()
          .toBuffer(),
    ],
    ['a PDF', () => Buffer.from('%PDF-1.7\n')],
    ['an animated PNG', async () => animatedPng(await noise('png'))],
    ['an animated WebP', () => animatedWebp()],
    ['nothing', () => Buffer.alloc(0)],
  ])('is refused before it is decoded: %s', async (_, made) => {
    const bytes = await made();
    await expect(full(bytes)).rejects.toEqual(fails('image-content-unsupported'));
    await expect(renderPreview(bytes, 'img-1', MEGAPIXELS)).rejects.toEqual(fails('image-content-unsupported'));
  });

  it('that claims very many pixels is refused by its header', async () => {
    for (const side of [6_000, 100_000])
      await expect(full(decompressionBomb(side))).rejects.toEqual(fails('image-content-too-large'));
    await expect(full(await noise('png', 1_100, 1_000), 1)).rejects.toEqual(fails('image-content-too-large'));
  });

  it.each(FORMATS)('that is only a part of a %s is refused', async (format) => {
    const made = await noise(format);
    for (const length of [12, 100, made.length >> 1, made.length - 200])
      await expect(full(made.subarray(0, length))).rejects.toEqual(fails('image-content-broken'));
  });

  it.each<[Format, string]>([
    ['png', '\x89PNG\r\n\x1a\n'],
    ['jpeg', '\xff\xd8\xff'],
    ['webp', 'RIFF\x00\x00\x00\x00WEBP'],
  ])('that only begins like a %s is refused, though it is an SVG for others', async (format, sign) => {
    const bytes = Buffer.from(sign + svg, 'latin1');
    expect(formatOf(bytes)).toBe(format);
    await expect(full(bytes)).rejects.toEqual(fails('image-content-broken'));
  });

  it('can’t make the search for an animation run on for ever', () => {
    const empty = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(10_000)]);
    expect(isAnimated(empty, 'png')).toBe(false);
    expect(isAnimated(Buffer.from('\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR', 'latin1'), 'png')).toBe(false);
  });
});
