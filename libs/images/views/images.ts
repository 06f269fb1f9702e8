import { defineView } from '../../projections/view.js';
import { ImageGenerated } from '../events.js';

export type ImageRow = {
  image_id: string;
  account_id: string;
  generated_at: number;
  photorealistic: boolean | null;
  faces: boolean | null;
  prompt_category: string | null;
};

/** The busiest view, so it has one small row per image, one object per event and no index but its key. */
export const imagesView = defineView({
  name: 'images',
  version: 1,
  summary: 'The owner of each image, and whether it shows photorealistic faces.',
  events: [ImageGenerated],
  table: {
    name: 'images',
    key: 'image_id',
    columns: {
      image_id: { type: 'text' },
      account_id: { type: 'text' },
      generated_at: { type: 'timestamptz' },
      photorealistic: { type: 'bool', nullable: true },
      faces: { type: 'bool', nullable: true },
      prompt_category: { type: 'text', nullable: true },
    },
  },
  keys: ({ data }) => [data.imageId],
  evolve(row: ImageRow | undefined, { data, metadata }, imageId) {
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
    };
  },
});

const isEarlier = (at: number, accountId: string, row: ImageRow): boolean =>
  at < row.generated_at || (at === row.generated_at && accountId < row.account_id);
