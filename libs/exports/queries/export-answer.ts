import { type Static, Type } from 'typebox';
import { closed, list, oneOf, position, text } from '../../http/openapi/answer-schemas.js';
import { DATASET_NAMES } from '../events.js';
import type { ExportData } from '../export.js';
import { COLUMN_TYPES, type Dataset } from './dataset.js';

export const ExportAnswer = closed({
  exportId: text('The export.'),
  dataset: oneOf(DATASET_NAMES, 'What it is of.'),
  after: position('Its range begins after this position; 0: with the first event.'),
  position: position('Its range ends here.'),
  reason: text('Why it was asked for.'),
  summary: text('What a row is.'),
  columns: list(
    closed({
      name: text('The member of a row.'),
      type: oneOf(
        COLUMN_TYPES,
        '`time` is a time in RFC 3339, `integer` is below 2^53, `json` is any JSON value; each may be null.',
      ),
      meaning: text('What it says.'),
    }),
    'The columns, in their order.',
  ),
});
export type ExportAnswer = Static<typeof ExportAnswer>;

export const exportAnswer = (data: ExportData, { summary, columns }: Dataset): ExportAnswer => ({
  exportId: data.exportId,
  dataset: data.dataset,
  after: String(data.after),
  position: String(data.to),
  reason: data.reason,
  summary,
  columns: [...columns],
});

export const exportExample: ExportAnswer = {
  exportId: 'audit-2022',
  dataset: 'decisions',
  after: '0',
  position: '1045',
  reason: 'yearly audit',
  summary: 'Each decision, in the order of the log.',
  columns: [{ name: 'position', type: 'integer', meaning: 'Place in the one order of all events.' }],
};

export const RowsAnswer = closed({
  rows: list(Type.Record(Type.String(), Type.Unknown()), 'The rows: an object with a member for each column.'),
  next: Type.Optional(text('Pass it as `place` for the next page; absent on the last page.')),
  position: position('The end of the range.'),
});
export type RowsAnswer = Static<typeof RowsAnswer>;
