import { defineView, jsonb, type RowOf, text } from '../../projections/view.js';
import { ImageDownloaded, ImageShared } from '../events.js';

/** Maximum shares and downloads that count: a popular image soon changes its row no more. */
export const MAX_REACH = 16;

const columns = {
  image_id: text(),
  /** The ids of shares and downloads. The smallest are kept: the result does not depend on the order of delivery. */
  reached_by: jsonb<string[]>(),
};

export type ImageReachRow = RowOf<typeof columns>;

export const imageReachView = defineView({
  name: 'image-reach',
  version: 1,
  summary: `How often images were shared and downloaded, up to ${MAX_REACH} times.`,
  events: [ImageShared, ImageDownloaded],
  table: { name: 'image_reach', key: 'image_id', columns },
  keys: ({ data }) => [data.imageId],
  evolve(row: ImageReachRow | undefined, { id }, imageId) {
    if (!row) return { image_id: imageId, reached_by: [id] };
    const { reached_by } = row;
    if (reached_by.includes(id) || (reached_by.length === MAX_REACH && id > reached_by.at(-1)!)) return row;
    return { image_id: imageId, reached_by: [...reached_by, id].sort().slice(0, MAX_REACH) };
  },
});
