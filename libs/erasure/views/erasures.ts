import { defineView, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { erasureEvents } from '../events.js';

const columns = {
  person: text(),
  status: text<'cancelled' | 'requested' | 'started' | 'erased'>(),
  reason: text(),
  requested_at: timestamptz(),
  due_at: timestamptz(),
  started_at: nullable(timestamptz()),
  erased_at: nullable(timestamptz()),
  backups_expire_at: nullable(timestamptz()),
  /** The position of its last event. */
  position: int8(),
};

export type ErasureRow = RowOf<typeof columns>;

export const erasuresView = defineView({
  name: 'erasures',
  version: 1,
  summary: 'The last erasure that was requested for each person, and how far it is.',
  events: erasureEvents,
  table: {
    name: 'erasures',
    key: 'person',
    columns,
    indexes: [`(due_at, person) WHERE status IN ('requested', 'started')`, '(requested_at, person)'],
  },
  keys: ({ data }) => [data.person],
  evolve(row: ErasureRow | undefined, { type, data, metadata, position }, person) {
    if (row && position <= row.position) return row;
    const at = Date.parse(metadata.time);
    switch (type) {
      case 'ErasureRequested':
        return {
          ...{ person, status: 'requested', reason: data.reason, requested_at: at, due_at: Date.parse(data.dueAt) },
          ...{ started_at: null, erased_at: null, backups_expire_at: null, position },
        };
      case 'ErasureCancelled':
        return row && { ...row, status: 'cancelled', position };
      case 'ErasureStarted':
        return row && { ...row, status: 'started', started_at: at, position };
      case 'PersonalDataErased':
        return (
          row && {
            ...{ ...row, status: 'erased', erased_at: at, position },
            backups_expire_at: Date.parse(data.backupsExpireAt),
          }
        );
    }
  },
});
