import { bool, defineView, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { ImageGenerated } from '../events.js';

const columns = {
  image_id: text(),
  account_id: text(),
  generated_at: timestamptz(),
  photorealistic: nullable(bool()),
  faces: nullable(bool()),
  prompt_category: nullable(text()),
  /** Of its ImageGenerated, which has the prompt. */
  event_position: int8(),
};

export type ImageRow = RowOf<typeof columns>;

/** The busiest view, so it has one small row per image, one object per event and no index but its key. */
export const imagesView = defineView({
  name: 'images',
  version: 2,
  summary: 'The owner of each image, and whether it shows photorealistic faces.',
  events: [ImageGenerated],
  table: { name: 'images', key: 'image_id', columns },
  keys: ({ data }) => [data.imageId],
  evolve(row: ImageRow | undefined, { data, metadata, position }, imageId) {
    const generatedAt = Date.parse(metadata.time);
    // Two systems may claim one image; the earlier claim holds, in whatever order they arrive.
    if (row && !isEarlier(generatedAt, data.accountId, row)) return row;
    return {
      image_id: imageId,
      account_id: data.accountId,
      generated_at: generatedAt,
      photorealistic: data.photorealistic ?? null,
      faces: data.faces ?? null,
      prompt_category: data.promptCategory ?? null,
      event_position: position,
    };
  },
});

const isEarlier = (at: number, accountId: string, row: ImageRow): boolean =>
  at < row.generated_at || (at === row.generated_at && accountId < row.account_id);
