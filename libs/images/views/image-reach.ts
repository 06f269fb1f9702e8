import type { RecordedEvent } from '../../kernel/envelope.js';
import { defineView, jsonb, type RowOf, text } from '../../projections/view.js';
import { ImageDownloaded, ImageShared } from '../events.js';

/** Maximum shares and downloads that count: a popular image soon changes its row no more. */
export const MAX_REACH = 16;

const columns = {
  image_id: text(),
  /** The ids of shares and downloads. The smallest are kept: the result does not depend on the order of delivery. */
  reached_by: jsonb<string[]>(),
  /** When it was shared, in epoch milliseconds and sorted: the earliest times, each once. */
  shared_at: jsonb<number[]>(),
};

export type ImageReachRow = RowOf<typeof columns>;

/** No share is later than it was stored, whatever the clock of its sender says. */
export const timeOfShare = ({ metadata, recordedAt }: Pick<RecordedEvent, 'metadata' | 'recordedAt'>): number =>
  Math.min(Date.parse(metadata.time), Date.parse(recordedAt));

export const imageReachView = defineView({
  name: 'image-reach',
  version: 2,
  summary: `How often images were shared and downloaded, and when they were shared, up to ${MAX_REACH} times.`,
  events: [ImageShared, ImageDownloaded],
  table: { name: 'image_reach', key: 'image_id', columns },
  keys: ({ data }) => [data.imageId],
  evolve(row: ImageReachRow | undefined, event, image_id) {
    const { reached_by, shared_at } = row ?? { reached_by: [], shared_at: [] };
    const after = {
      image_id,
      reached_by: withSmallest(reached_by, event.id),
      shared_at: event.type === 'ImageShared' ? withSmallest(shared_at, timeOfShare(event)) : shared_at,
    };
    return row && after.reached_by === reached_by && after.shared_at === shared_at ? row : after;
  },
});

/** The same list if the value is in it, or is greater than all of a full one. */
function withSmallest<Value extends string | number>(values: Value[], value: Value): Value[] {
  if (values.includes(value) || (values.length === MAX_REACH && value > values.at(-1)!)) return values;
  return [...values, value].sort((a, b) => (a < b ? -1 : 1)).slice(0, MAX_REACH);
}
