import { hashOf } from '../../kernel/ids.js';
import { bool, defineView, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { preservationEvents } from '../events.js';

const columns = {
  /** A hash of the account and the hold: two accounts may have holds of one id. */
  hold_key: text(),
  account_id: text(),
  hold_id: text(),
  case_id: nullable(text()),
  clause: nullable(text()),
  reason: nullable(text()),
  /** Null while only a report of the case is known. */
  placed_at: nullable(timestamptz()),
  lifted_at: nullable(timestamptz()),
  /** The first report of the case to an authority. */
  reported_at: nullable(timestamptz()),
  authority: nullable(text()),
  reference: nullable(text()),
  /** Whether a violation of the highest severity has not been reported. */
  is_report_due: bool(),
  /** The position of the last event. */
  position: int8(),
};

export type LegalHoldRow = RowOf<typeof columns>;

export const legalHoldsView = defineView({
  name: 'legal-holds',
  version: 1,
  summary: 'Holds on the data of accounts, and which of their cases were reported to an authority.',
  events: preservationEvents,
  table: {
    name: 'legal_holds',
    key: 'hold_key',
    columns,
    indexes: [
      '(placed_at, hold_key) WHERE placed_at IS NOT NULL',
      '(account_id, placed_at, hold_key) WHERE placed_at IS NOT NULL',
      '(placed_at, hold_key) WHERE is_report_due',
    ],
  },
  keys: ({ type, data }) => [hashOf(data.accountId, type === 'AuthorityInformed' ? data.caseId : data.holdId)],
  evolve(row: LegalHoldRow | undefined, { type, data, metadata, position }, key) {
    if (row && position <= row.position) return row;
    const at = Date.parse(metadata.time);
    switch (type) {
      case 'LegalHoldPlaced': {
        const { accountId, holdId, caseId = null, clause = null, reason } = data;
        const before = row ?? nothing(key, accountId, holdId);
        const isDue = clause !== null && before.reported_at === null;
        return { ...before, case_id: caseId, clause, reason, placed_at: at, is_report_due: isDue, position };
      }
      case 'LegalHoldLifted':
        return row && { ...row, lifted_at: at, position };
      case 'AuthorityInformed': {
        const { accountId, caseId, authority, reference, sentAt } = data;
        const before = row ?? nothing(key, accountId, caseId);
        const first = before.reported_at === null && { reported_at: Date.parse(sentAt), authority, reference };
        return { ...before, ...first, is_report_due: false, position };
      }
    }
  },
});

const nothing = (hold_key: string, account_id: string, hold_id: string): LegalHoldRow => ({
  hold_key,
  account_id,
  hold_id,
  case_id: null,
  clause: null,
  reason: null,
  placed_at: null,
  lifted_at: null,
  reported_at: null,
  authority: null,
  reference: null,
  is_report_due: false,
  position: 0,
});
