import { defineView, int4, int8, type RowOf, text } from '../../projections/view.js';
import { FlaggerNoted } from '../../review/index.js';

const columns = {
  event_id: text(),
  case_id: text(),
  account_id: text(),
  round: int4(),
  position: int8(),
};

export type NotedReporterRow = RowOf<typeof columns>;

/** A row for each note, since one of a later round must not hide that of an earlier one. */
export const notedReportersView = defineView({
  name: 'noted-reporters',
  version: 1,
  summary: 'Users whose flags are not in the case of their image, to be notified of its decision.',
  events: [FlaggerNoted],
  table: {
    name: 'noted_reporters',
    key: 'event_id',
    columns,
    indexes: ['(case_id, position)'],
  },
  keys: ({ id, data }) => (data.flaggerKind === 'user' ? [id] : []),
  evolve(row: NotedReporterRow | undefined, { id, data, position }) {
    const { caseId, flaggedBy, round } = data;
    return row ?? { event_id: id, case_id: caseId, account_id: flaggedBy, round, position };
  },
});
