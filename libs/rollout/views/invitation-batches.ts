import { InvitationAccepted, InvitationExpired, InvitationSent } from '../../account/index.js';
import { unhandled } from '../../kernel/decider.js';
import { bool, defineView, int4, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { CohortAdmitted } from '../events.js';
import { InvitationsWithdrawn, PlacesFreed, PlacesHeld } from '../invitation-events.js';

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
  /** Of those that were sent, each that ended unused by itself. */
  expired: int4(),
  /** Of those that were sent, each that ended unused because the batch was withdrawn. */
  withdrawn: int4(),
  held_at: timestamptz(),
  until: timestamptz(),
  /** Undefined unless somebody withdrew the batch: who, when and why. */
  withdrawn_by: nullable(text()),
  withdrawn_at: nullable(timestamptz()),
  withdrawal_reason: nullable(text()),
  /** Whether each invitation is decided. */
  is_over: bool(),
  /** The position of the last event that was counted: each counts once. */
  position: int8(),
};

export type InvitationBatchRow = RowOf<typeof columns>;

const EVENTS = [
  PlacesHeld,
  PlacesFreed,
  InvitationsWithdrawn,
  CohortAdmitted,
  InvitationSent,
  InvitationAccepted,
  InvitationExpired,
];

export const invitationBatchesView = defineView({
  name: 'invitation-batches',
  version: 3,
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
        return ended(row, event.data, position);
      case 'InvitationsWithdrawn': {
        const { metadata, data } = event;
        return {
          ...row,
          withdrawn_by: metadata.actor.id,
          withdrawn_at: Date.parse(metadata.time),
          withdrawal_reason: data.reason,
          position,
        };
      }
      default:
        return unhandled(event);
    }
  },
});

function ended(
  row: InvitationBatchRow,
  { neverSent, withdrawn }: { neverSent?: boolean; withdrawn?: boolean },
  position: number,
): InvitationBatchRow {
  if (neverSent) return { ...row, position };
  return withdrawn
    ? { ...row, withdrawn: row.withdrawn + 1, position }
    : { ...row, expired: row.expired + 1, position };
}

const begun = ({
  selection,
  size,
  until,
  at,
}: { selection: InvitationBatchRow['selection'] } & Record<'until' | 'at', string> & { size: number }) => ({
  ...{ selection, places: size, freed: 0, admitted: 0, sent: 0, accepted: 0, expired: 0, withdrawn: 0 },
  ...{ held_at: Date.parse(at), until: Date.parse(until), is_over: false },
  ...{ withdrawn_by: null, withdrawn_at: null, withdrawal_reason: null },
});
