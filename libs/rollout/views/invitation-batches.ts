import { InvitationAccepted, InvitationExpired, InvitationSent } from '../../account/index.js';
import { unhandled } from '../../kernel/decider.js';
import { bool, defineView, int4, int8, type RowOf, text, timestamptz } from '../../projections/view.js';
import { CohortAdmitted } from '../events.js';
import { PlacesFreed, PlacesHeld } from '../invitation-events.js';

const columns = {
  batch_id: text(),
  selection: text<'first-come' | 'listed'>(),
  /** The places that it got. */
  places: int4(),
  /** Those of them that nobody took, and that count no longer. */
  freed: int4(),
  /** The people with whom cohorts took places. */
  admitted: int4(),
  sent: int4(),
  accepted: int4(),
  /** Of those that were sent. */
  expired: int4(),
  held_at: timestamptz(),
  until: timestamptz(),
  /** Whether each invitation is decided. */
  is_over: bool(),
  /** The position of the last event that was counted: each counts once. */
  position: int8(),
};

export type InvitationBatchRow = RowOf<typeof columns>;

const EVENTS = [PlacesHeld, PlacesFreed, CohortAdmitted, InvitationSent, InvitationAccepted, InvitationExpired];

export const invitationBatchesView = defineView({
  name: 'invitation-batches',
  version: 2,
  summary: 'Batches of invitations: the places that they hold, and what became of the invitations.',
  events: EVENTS,
  table: { name: 'batches', key: 'batch_id', columns, indexes: ['(held_at, batch_id)'] },
  keys: ({ data }) => (data.batchId === undefined ? [] : [data.batchId]),
  evolve(row: InvitationBatchRow | undefined, event, batchId) {
    const { position } = event;
    if (event.type === 'PlacesHeld') return row ?? { ...begun(event.data), batch_id: batchId, position };
    if (!row || position <= row.position) return row;
    switch (event.type) {
      case 'PlacesFreed': {
        const { places, isOver } = event.data;
        return { ...row, freed: row.freed + places, is_over: isOver, position };
      }
      case 'CohortAdmitted':
        return { ...row, admitted: row.admitted + event.data.size, position };
      case 'InvitationSent':
        return { ...row, sent: row.sent + 1, position };
      case 'InvitationAccepted':
        return { ...row, accepted: row.accepted + 1, position };
      case 'InvitationExpired':
        return { ...row, expired: row.expired + (event.data.neverSent ? 0 : 1), position };
      default:
        return unhandled(event);
    }
  },
});

const begun = ({
  selection,
  size,
  until,
  at,
}: { selection: InvitationBatchRow['selection'] } & Record<'until' | 'at', string> & { size: number }) => ({
  ...{ selection, places: size, freed: 0, admitted: 0, sent: 0, accepted: 0, expired: 0 },
  ...{ held_at: Date.parse(at), until: Date.parse(until), is_over: false },
});
