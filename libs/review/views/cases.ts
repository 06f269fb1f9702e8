import type { RecordedEvent } from '../../kernel/envelope.js';
import type { View } from '../../projections/view.js';

/** Times in JSON are RFC 3339, as in the events. */
export interface CaseFlag {
  flagId: string;
  flaggedBy: string;
  categories: string[];
}

export interface CaseVerdict {
  reviewer: string;
  verdict: 'safe' | 'unsafe' | 'unsure';
  at: string;
}

/** The round in force of a case; flags and verdicts are those of that round. */
export type CaseRow = {
  case_id: string;
  image_id: string;
  account_id: string | null;
  /** A claim ends by itself: `claimed` with `claimed_until` in the past is open. */
  status: 'open' | 'claimed' | 'confirmed' | 'dismissed';
  round: number;
  panel_size: number;
  flags: CaseFlag[];
  verdicts: CaseVerdict[];
  categories: string[];
  opened_at: number;
  claimed_by: string | null;
  claimed_until: number | null;
  decided_at: number | null;
  /** Of the case's last event. */
  position: number;
};

export const casesView: View<CaseRow> = {
  name: 'cases',
  version: 1,
  summary: 'Images under human review, their flags, claims and verdicts.',
  types: [
    'CaseOpened',
    'CaseJoined',
    'CaseClaimed',
    'CaseReleased',
    'VerdictGiven',
    'ReviewConfirmed',
    'ReviewDismissed',
  ],
  table: {
    name: 'cases',
    key: 'case_id',
    columns: {
      case_id: { type: 'text' },
      image_id: { type: 'text' },
      account_id: { type: 'text', nullable: true },
      status: { type: 'text' },
      round: { type: 'int4' },
      panel_size: { type: 'int4' },
      flags: { type: 'jsonb' },
      verdicts: { type: 'jsonb' },
      categories: { type: 'jsonb' },
      opened_at: { type: 'timestamptz' },
      claimed_by: { type: 'text', nullable: true },
      claimed_until: { type: 'timestamptz', nullable: true },
      decided_at: { type: 'timestamptz', nullable: true },
      position: { type: 'int8' },
    },
    indexes: ['(status, opened_at)'],
  },
  keys: (event) => [event.data.caseId],
  evolve(row, event, caseId) {
    if (row && event.position <= row.position) return row;
    if (event.type === 'CaseOpened') return opened(caseId, row, event);
    return row && { ...row, ...change(row, event), position: event.position };
  },
};

function opened(caseId: string, before: CaseRow | undefined, { data, metadata, position }: RecordedEvent): CaseRow {
  return {
    case_id: caseId,
    image_id: data.imageId,
    account_id: data.accountId ?? before?.account_id ?? null,
    status: 'open',
    round: data.round,
    panel_size: data.panelSize,
    flags: [{ flagId: data.flagId, flaggedBy: data.flaggedBy, categories: data.categories }],
    verdicts: [],
    categories: union([], data.categories),
    opened_at: Date.parse(metadata.time),
    ...UNCLAIMED,
    decided_at: null,
    position,
  };
}

const UNCLAIMED = { claimed_by: null, claimed_until: null };

function change(row: CaseRow, { type, data, metadata }: RecordedEvent): Partial<CaseRow> {
  switch (type) {
    case 'CaseJoined':
      return {
        account_id: row.account_id ?? data.accountId ?? null,
        flags: [...row.flags, { flagId: data.flagId, flaggedBy: data.flaggedBy, categories: data.categories }],
        categories: union(row.categories, data.categories),
      };
    case 'CaseClaimed':
      return { status: 'claimed', claimed_by: data.reviewer, claimed_until: Date.parse(data.until) };
    case 'CaseReleased':
      return { status: 'open', ...UNCLAIMED };
    case 'VerdictGiven':
      return {
        ...(row.claimed_by === data.reviewer && { status: 'open' as const, ...UNCLAIMED }),
        panel_size: data.panelSize ?? row.panel_size,
        verdicts: [...row.verdicts, { reviewer: data.reviewer, verdict: data.verdict, at: metadata.time }],
      };
    case 'ReviewConfirmed':
    case 'ReviewDismissed':
      return {
        status: type === 'ReviewConfirmed' ? 'confirmed' : 'dismissed',
        account_id: data.accountId ?? row.account_id,
        categories: data.categories,
        decided_at: Date.parse(metadata.time),
        ...UNCLAIMED,
      };
    default:
      return {};
  }
}

const union = (some: readonly string[], more: readonly string[]): string[] => [...new Set([...some, ...more])].sort();
