import { defineView, int8, type RowOf, text, timestamptz } from '../../projections/view.js';
import { type DatasetName, exportEvents } from '../events.js';

const columns = {
  export_id: text(),
  dataset: text<DatasetName>(),
  range_after: int8(),
  range_to: int8(),
  reason: text(),
  made_by: text(),
  made_at: timestamptz(),
  /** The position of the event. */
  position: int8(),
};

export type ExportRow = RowOf<typeof columns>;

export const exportsView = defineView({
  name: 'exports',
  version: 1,
  summary: 'Who exported what, when and why.',
  events: exportEvents,
  table: { name: 'exports', key: 'export_id', columns, indexes: ['(position)', '(made_by, position)'] },
  keys: ({ data }) => [data.exportId],
  evolve(row: ExportRow | undefined, { data, metadata, position }) {
    if (row && position <= row.position) return row;
    return {
      export_id: data.exportId,
      dataset: data.dataset,
      range_after: data.after,
      range_to: data.to,
      reason: data.reason,
      made_by: metadata.actor.id,
      made_at: Date.parse(metadata.time),
      position,
    };
  },
});
