import { hashOf } from '../../kernel/ids.js';
import { bool, defineView, int8, jsonb, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { ReviewAmended, ReviewConfirmed, ReviewOverturned, ReviewUpheld } from '../../review/index.js';
import { preservationEvents } from '../events.js';

const columns = {
  /** A hash of the account with the case, or with the hold that somebody placed. */
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
  /** The last event that confirmed, amended or overturned the case; null for none. A hold that it led to has its id. */
  decided_by: nullable(text()),
  /** The clause that the case is confirmed by, or the categories of a confirmation without one. None if it is not confirmed. */
  confirmed_by: jsonb<string[]>(),
  /** Whether the case is still confirmed of the highest severity, or of an unknown one, and no report is recorded. */
  is_report_due: bool(),
  /** The position of the last event. */
  position: int8(),
};

export type LegalHoldRow = RowOf<typeof columns>;

export const legalHoldsView = defineView({
  name: 'legal-holds',
  version: 4,
  summary: 'Holds on the data of accounts, and which of their cases were reported to an authority.',
  events: [...preservationEvents, ReviewConfirmed, ReviewOverturned, ReviewAmended, ReviewUpheld],
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
  keys: ({ data }) => {
    const { accountId, caseId } = data;
    if (accountId === undefined) return [];
    if (caseId !== undefined) return [hashOf(accountId, 'case', caseId)];
    return 'holdId' in data ? [hashOf(accountId, 'hold', data.holdId)] : [];
  },
  evolve(row: LegalHoldRow | undefined, { id, type, data, metadata, position }, key) {
    if (row && position <= row.position) return row;
    const at = Date.parse(metadata.time);
    switch (type) {
      case 'LegalHoldPlaced': {
        const { accountId, holdId, caseId = null, clause = null, reason } = data;
        const before = row ?? nothing(key, accountId);
        const hold = { hold_id: holdId, case_id: caseId, clause, reason, placed_at: at, lifted_at: null };
        // One stored after its confirmation was overturned or amended says nothing about the case as it is.
        const isOutdated =
          before.decided_by !== null && before.decided_by !== holdId && !before.confirmed_by.includes(clause ?? '');
        const isDue = caseId !== null && before.reported_at === null;
        return { ...before, ...hold, is_report_due: isOutdated ? before.is_report_due : isDue, position };
      }
      case 'LegalHoldLifted':
        return row && row.hold_id === data.holdId ? { ...row, lifted_at: at, position } : row;
      case 'AuthorityInformed': {
        const { accountId, authority, reference, sentAt } = data;
        const before = row ?? nothing(key, accountId);
        const first = before.reported_at === null && { reported_at: Date.parse(sentAt), authority, reference };
        return { ...before, ...first, is_report_due: false, position };
      }
      case 'ReviewConfirmed':
        return { ...(row ?? nothing(key, data.accountId!)), decided_by: id, confirmed_by: labelsOf(data), position };
      case 'ReviewUpheld': {
        const before = row ?? nothing(key, data.accountId!);
        const confirmed_by = labelsOf(data);
        // By the clause of its hold, which calls for a report however the case was decided meanwhile.
        const isDue = before.reported_at === null && confirmed_by.includes(before.clause ?? '');
        return { ...before, decided_by: id, confirmed_by, is_report_due: isDue, position };
      }
      // If the other clause is of the highest severity too, a hold follows.
      case 'ReviewAmended':
      case 'ReviewOverturned': {
        const confirmed_by = type === 'ReviewAmended' ? [data.clause] : [];
        return row && { ...row, decided_by: id, confirmed_by, is_report_due: false, position };
      }
    }
  },
});

const labelsOf = ({ clause, categories }: { clause?: string; categories: string[] }): string[] =>
  clause === undefined ? categories : [clause];

const nothing = (hold_key: string, account_id: string): LegalHoldRow => ({
  hold_key,
  account_id,
  hold_id: '',
  case_id: null,
  clause: null,
  reason: null,
  placed_at: null,
  lifted_at: null,
  reported_at: null,
  authority: null,
  reference: null,
  decided_by: null,
  confirmed_by: [],
  is_report_due: false,
  position: 0,
});
