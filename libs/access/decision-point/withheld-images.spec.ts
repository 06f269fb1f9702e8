import { describe, expect, it } from '@jest/globals';
import { recorded, recordedOf } from '../../../test/support/fold-view.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { ModelProblemFound, ReviewConfirmed } from '../../review/index.js';
import { WithheldImages } from './withheld-images.js';

const of = (imageId: string, event: RecordedEvent) => ({ ...event, stream: `image-${imageId}` });
const withheld = (imageId: string) => of(imageId, recorded(1, 'ImageWithheld', { imageId, caseId: imageId }));
const restored = (imageId: string) => of(imageId, recorded(2, 'ImageRestored', { imageId, reason: 'appeal' }));
const confirmed = (imageId: string) => recordedOf(3, ReviewConfirmed, { imageId });

/** A log with the streams of these images. */
function logOf(streams: Record<string, RecordedEvent[]>) {
  const asked: string[] = [];
  return {
    asked,
    readStream: async (stream: string) => {
      asked.push(stream);
      return streams[stream] ?? [];
    },
  };
}

describe('the withheld images of a decision point', () => {
  it('need no look-up once all were added', () => {
    const log = logOf({});
    const images = new WithheldImages(log);
    images.addAll(['a']);
    expect(['a', 'b'].map((id) => images.includes(id))).toEqual([true, false]);
    images.apply(withheld('b'));
    images.apply(restored('a'));
    images.apply(confirmed('c'));
    images.apply(recordedOf(4, ModelProblemFound, { imageId: 'd', withhold: true }));
    images.apply(recordedOf(5, ModelProblemFound, { imageId: 'e' }));
    expect(['a', 'b', 'c', 'd', 'e'].map((id) => images.includes(id))).toEqual([false, true, true, true, false]);
    expect(log.asked).toEqual([]);
  });

  it('are read from their streams, each once, while not all are known', async () => {
    const log = logOf({ 'image-a': [withheld('a')], 'image-b': [withheld('b'), restored('b')] });
    const images = new WithheldImages(log);
    expect(images.includes('a')).toBeUndefined();
    expect(await Promise.all(['a', 'a', 'b', 'c'].map((id) => images.find(id)))).toEqual([true, true, false, false]);
    expect(log.asked).toEqual(['image-a', 'image-b', 'image-c']);
    expect(['a', 'b', 'c'].map((id) => images.includes(id))).toEqual([true, false, false]);
  });

  it('follow what happens while a stream is read', async () => {
    const images = new WithheldImages(logOf({ 'image-a': [withheld('a')] }));
    const found = images.find('a');
    images.apply(restored('a'));
    expect(await found).toBe(false);
    expect(images.includes('a')).toBe(false);
  });

  it('are looked up again once more are withheld than memory is allowed for', () => {
    const images = new WithheldImages(logOf({}), 2);
    images.addAll(['a', 'b']);
    expect(images.includes('z')).toBe(false);
    images.apply(confirmed('c'));
    expect(['a', 'b', 'c', 'z'].map((id) => images.includes(id))).toEqual([true, true, true, undefined]);
  });

  it('count an event that can’t be read as withholding', () => {
    const images = new WithheldImages(logOf({}));
    images.addAll([]);
    images.apply({ ...restored('a'), fault: 'its data is not an object' });
    expect(images.includes('a')).toBe(true);
  });
});
