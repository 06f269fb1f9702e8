import { expect, it } from '@jest/globals';
import { noise } from '../../../test/support/sample-pictures.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { unknownContent } from './image-content.js';
import { Pictures } from './pictures.js';
import { Slots } from './slots.js';

it('renders a preview once for all who ask for it', async () => {
  const png = await noise('png');
  let reads = 0;
  const read = async () => {
    reads++;
    return png;
  };
  const metrics = new Metrics();
  const pictures = new Pictures({ read }, { imageMaxMegapixels: 25 }, metrics);
  const previews = await Promise.all([pictures.preview('img-1'), pictures.preview('img-1'), pictures.preview('img-2')]);
  expect(await pictures.preview('img-1')).toBe(previews[0]);
  expect(reads).toBe(2);
  await pictures.at('img-1', 'full');
  await pictures.at('img-1', 'full');
  expect(reads).toBe(4);
  const { text } = await metrics.prometheusText();
  expect(text).toContain('gatehouse_image_content_duration_seconds_count{outcome="shown"} 4');
});

it('keeps no failure, and counts it by its code', async () => {
  const png = await noise('png');
  let isUnknown = true;
  const read = async (imageId: string) => {
    if (isUnknown) throw unknownContent(imageId);
    return png;
  };
  const metrics = new Metrics();
  const pictures = new Pictures({ read }, { imageMaxMegapixels: 25 }, metrics);
  await expect(pictures.preview('img-1')).rejects.toMatchObject({ code: 'image-content-unknown' });
  isUnknown = false;
  expect((await pictures.preview('img-1')).mediaType).toBe('image/webp');
  const { text } = await metrics.prometheusText();
  expect(text).toContain('outcome="image-content-unknown"} 1');
});

it('runs a few tasks at a time, lets some wait in order, and refuses the rest', async () => {
  const refuse = (): never => {
    throw new Error('busy');
  };
  const slots = new Slots(2, 2, refuse);
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const task = (n: number) =>
    slots.run(() => {
      started.push(n);
      return new Promise<void>((end) => ends.push(end));
    });
  const tasks = [task(1), task(2), task(3), task(4)];
  await expect(task(5)).rejects.toThrow('busy');
  expect(started).toEqual([1, 2]);
  ends[0]!();
  await tasks[0];
  expect(started).toEqual([1, 2, 3]);
  for (let n = 1; n < 4; n++) {
    ends[n]!();
    await tasks[n];
  }
  expect(started).toEqual([1, 2, 3, 4]);
  await expect(slots.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect(await slots.run(async () => 'free')).toBe('free');
});
