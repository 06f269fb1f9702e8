import { ImageRestored, ImageShared, ImageWithheld } from '../../images/index.js';
import { defineView, int8, jsonb, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { GRACE_MS, MAX_RECORDED } from './disregarded-decisions.js';

/** Part of a JSON column. */
export interface WithheldShare {
  /** The id of the share's event. */
  id: string;
  /** The system that reported it. */
  service: string;
  /** The account that shared it. */
  accountId: string;
  /** When it happened, in epoch milliseconds. */
  at: number;
  /** How long after the withholding was stored. */
  lateMs: number;
}

const columns = {
  image_id: text(),
  /** When its withholding was stored; null since it was restored. */
  withheld_at: nullable(timestamptz()),
  shares: jsonb<WithheldShare[]>(),
  /** The position of the last event that changed the row. */
  position: int8(),
};

type WithheldShareRow = RowOf<typeof columns>;

/**
 * By image, since anybody may have shared it. An image that was never withheld has no row, so that its shares write nothing.
 * Its withholding is stored after the confirmation, from which on sharing is denied: a service gets the time between besides.
 */
export const withheldImageSharesView = defineView({
  name: 'withheld-image-shares',
  version: 1,
  summary: 'Shares of images that were withheld by then.',
  events: [ImageWithheld, ImageRestored, ImageShared],
  table: {
    name: 'withheld_images',
    key: 'image_id',
    columns,
    indexes: [`(image_id) WHERE shares <> '[]'::jsonb`],
  },
  keys: ({ data }) => [data.imageId],
  evolve(row: WithheldShareRow | undefined, event, imageId) {
    if (row && event.position <= row.position) return row;
    const { position } = event;
    if (event.type !== 'ImageShared') {
      const withheld_at = event.type === 'ImageRestored' ? null : (row?.withheld_at ?? Date.parse(event.recordedAt));
      return { image_id: imageId, withheld_at, shares: row?.shares ?? [], position };
    }
    if (!row || row.withheld_at === null || row.shares.length >= MAX_RECORDED) return row;
    const at = Date.parse(event.metadata.time);
    const lateMs = at - row.withheld_at;
    if (lateMs <= GRACE_MS || row.shares.some(({ id }) => id === event.id)) return row;
    const share = { id: event.id, service: event.metadata.source, accountId: event.data.accountId, at, lateMs };
    return { ...row, shares: [...row.shares, share], position };
  },
  counters: {
    name: 'share_counters',
    columns: ['uses', 'images'],
    contribution({ shares }) {
      if (shares.length === 0) return [];
      const amounts = (bucket: string, one: Record<string, number>) => ({ bucket, amounts: one });
      return [
        amounts('all', { uses: shares.length, images: 1 }),
        amounts('reason:image-withheld', { uses: shares.length }),
        ...shares.map(({ service }) => amounts(`service:${service}`, { uses: 1 })),
      ];
    },
  },
});
