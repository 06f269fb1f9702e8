import type { StreamKind } from '../kernel/decider.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import { type ExportEvent, ExportStarted } from './events.js';

export type ExportData = ExportEvent['data'];

export interface Made {
  data: ExportData;
  /** Who may read its rows. */
  by: string;
}

/** Undefined before the export is made. */
export const exportStream: StreamKind<Made | undefined, ExportEvent> = {
  category: 'export',
  events: [ExportStarted],
  initial: undefined,
  evolve: (_, { data }, { actor }) => ({ data, by: actor.id }),
};

/**
 * An id is that of one export: a repeat changes nothing, whatever its range has become since.
 * @throws Refusal export-differs if the id is that of another one
 */
export function makeExport(state: Made | undefined, data: ExportData, by: string): ExportEvent[] {
  if (state === undefined) return [{ type: 'ExportStarted', data }];
  if (state.data.dataset === data.dataset && state.by === by) return [];
  throw new Refusal(
    'export-differs',
    `export ${data.exportId} is of ${state.data.dataset} and was made by ${state.by}: choose another id`,
  );
}

/** @throws NotFound export-unknown; Refusal export-of-another: each who gets rows is on record with an export of their own */
export function rowsFor(state: Made | undefined, exportId: string, reader: string): ExportData {
  if (state === undefined) {
    throw new NotFound('export-unknown', `there is no export ${exportId}: make it by POST /v1/exports`);
  }
  if (state.by === reader) return state.data;
  throw new Refusal('export-of-another', `export ${exportId} was made by ${state.by}: make one of your own`);
}
