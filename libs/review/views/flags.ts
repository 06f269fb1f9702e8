import { ContentFlagged } from '../../images/index.js';
import { defineView, int8, jsonb, type RowOf, text, timestamptz } from '../../projections/view.js';

const columns = {
  flag_id: text(),
  flagged_by: text(),
  image_id: text(),
  categories: jsonb<string[]>(),
  /** The flag's own time. */
  flagged_at: timestamptz(),
  position: int8(),
};

export type FlagRow = RowOf<typeof columns>;

/** A small row for each flag, so that a flagger's rate at any place of the log is the same whenever it is asked. */
export const flagsView = defineView({
  name: 'flags',
  version: 1,
  summary: 'Who flagged which image, and when.',
  events: [ContentFlagged],
  table: {
    name: 'flags',
    key: 'flag_id',
    columns,
    indexes: ['(flagged_by, flagged_at, position)', '(flagged_by, position)'],
  },
  keys: ({ id }) => [id],
  evolve(row: FlagRow | undefined, { id, data, metadata, position }) {
    if (row) return row;
    return {
      flag_id: id,
      flagged_by: data.flaggedBy,
      image_id: data.imageId,
      categories: [...data.categories],
      flagged_at: Date.parse(metadata.time),
      position,
    };
  },
});
