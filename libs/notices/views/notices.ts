import { defineView, int4, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { type CHANNELS, type KINDS, noticeEvents, type ROLES } from '../events.js';
import type { NOTICE_STATUSES } from '../notice.js';

const columns = {
  notice_id: text(),
  account_id: text(),
  role: text<(typeof ROLES)[number]>(),
  channel: text<(typeof CHANNELS)[number]>(),
  kind: text<(typeof KINDS)[number]>(),
  outcome: text(),
  enforcement_id: nullable(text()),
  case_id: nullable(text()),
  status: text<(typeof NOTICE_STATUSES)[number]>(),
  /** Since it was queued last. */
  attempts: int4(),
  queued_at: timestamptz(),
  /** When it is to be sent. */
  due_at: timestamptz(),
  delivered_at: nullable(timestamptz()),
  /** Why the last attempt failed. */
  error: nullable(text()),
  /** The position of its last event. */
  position: int8(),
};

export type NoticeRow = RowOf<typeof columns>;

export const noticesView = defineView({
  name: 'notices',
  version: 1,
  summary: 'Notices to people about decisions, and what became of them.',
  events: noticeEvents,
  table: {
    name: 'notices',
    key: 'notice_id',
    columns,
    // For those to be sent, for the lists of all and of a status, and for those of an account.
    indexes: [
      `(due_at, notice_id) WHERE status = 'waiting'`,
      '(queued_at, notice_id)',
      `(status, queued_at, notice_id) WHERE status <> 'delivered'`,
      '(account_id, queued_at)',
    ],
  },
  keys: ({ data }) => [data.noticeId],
  evolve(row: NoticeRow | undefined, { type, data, metadata, position }, noticeId) {
    if (row && position <= row.position) return row;
    const at = Date.parse(metadata.time);
    switch (type) {
      case 'NoticeQueued':
        return {
          notice_id: noticeId,
          account_id: data.accountId,
          role: data.role,
          channel: data.channel,
          kind: data.kind,
          outcome: data.outcome,
          enforcement_id: data.enforcementId ?? null,
          case_id: data.caseId ?? null,
          status: 'waiting',
          attempts: 0,
          queued_at: row?.queued_at ?? at,
          due_at: at,
          delivered_at: null,
          error: null,
          position,
        };
      case 'NoticeDelivered':
        return row && { ...row, status: 'delivered', attempts: data.attempt, delivered_at: at, error: null, position };
      case 'NoticeFailed':
        return (
          row && {
            ...row,
            ...(data.retryAt === undefined
              ? { status: data.isSkipped ? ('skipped' as const) : ('failed' as const) }
              : { due_at: Date.parse(data.retryAt) }),
            attempts: data.attempt,
            error: data.error,
            position,
          }
        );
    }
  },
  counters: {
    name: 'notice_counters',
    columns: ['waiting', 'delivered', 'failed', 'skipped'],
    contribution: ({ status, channel }) => [{ bucket: channel, amounts: { [status]: 1 } }],
  },
});
