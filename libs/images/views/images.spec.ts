import { expect, it } from '@jest/globals';
import { foldView, recorded } from '../../../test/support/fold-view.js';
import { imagesView } from './images.js';

const early = '2022-05-18T09:00:00.000Z';
const late = '2022-05-18T10:00:00.000Z';
const own = recorded(
  2,
  'ImageGenerated',
  { imageId: 'i', accountId: 'b', photorealistic: true, promptCategory: 'People' },
  { time: early },
);
const rival = recorded(1, 'ImageGenerated', { imageId: 'i', accountId: 'a', faces: true }, { time: late });

it('has the owner and the facts of an image', () => {
  expect(foldView(imagesView, [own]).rows.i).toEqual({
    image_id: 'i',
    account_id: 'b',
    generated_at: Date.parse(early),
    photorealistic: true,
    faces: null,
    prompt_category: 'People',
    event_position: 2,
  });
});

it('keeps the earlier of two claims to an image, in any order and with repeats', () => {
  const expected = foldView(imagesView, [own]);
  expect(foldView(imagesView, [own, rival])).toEqual(expected);
  expect(foldView(imagesView, [rival, own, rival, own])).toEqual(expected);
});

it('returns the same row if nothing changes, so that nothing is written', () => {
  const row = imagesView.evolve(undefined, own, 'i');
  expect(imagesView.evolve(row, own, 'i')).toBe(row);
});
