import { toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import { NotFound } from '../kernel/errors.js';
import { hashOf } from '../kernel/ids.js';
import { type NoticeEvent, noticeEvents } from './events.js';

type DataOf<Type extends NoticeEvent['type']> = Extract<NoticeEvent, { type: Type }>['data'];

/** What is sent, and to whom. */
export type Notice = DataOf<'NoticeQueued'>;

export const NOTICE_STATUSES = ['waiting', 'delivered', 'failed', 'skipped'] as const;

export interface NoticeState {
  /** `failed`: a dead letter, until somebody orders its redelivery. */
  status: 'none' | (typeof NOTICE_STATUSES)[number];
  notice?: Notice;
  /** Since it was queued last. */
  attempts: number;
  /** When it is to be sent, in epoch milliseconds. */
  dueAt: number;
}

export const noticeStream: StreamKind<NoticeState, NoticeEvent> = {
  category: 'notice',
  events: noticeEvents,
  initial: { status: 'none', attempts: 0, dueAt: 0 },
  evolve(state, { type, data }, { time }) {
    switch (type) {
      case 'NoticeQueued':
        return { status: 'waiting', notice: data, attempts: 0, dueAt: Date.parse(time) || 0 };
      case 'NoticeDelivered':
        return { ...state, status: 'delivered', attempts: data.attempt };
      case 'NoticeFailed': {
        const { attempt: attempts, retryAt, isSkipped } = data;
        if (retryAt !== undefined) return { ...state, attempts, dueAt: Date.parse(retryAt) };
        return { ...state, attempts, status: isSkipped ? 'skipped' : 'failed' };
      }
    }
  },
};

/** A no-op if it was queued: a decision leads to one notice for a person and a channel, however often it is reported. */
export const queueNotice = ({ status }: NoticeState, notice: Notice): NoticeEvent[] =>
  status === 'none' ? [{ type: 'NoticeQueued', data: notice }] : [];

/** @throws NotFound notice-unknown */
export function refuseUnknown(
  state: NoticeState,
  noticeId: string,
): asserts state is NoticeState & { status: (typeof NOTICE_STATUSES)[number]; notice: Notice } {
  if (state.notice) return;
  throw new NotFound('notice-unknown', `there is no notice ${noticeId}; GET /v1/notices lists them`);
}

/** Also one that waits for its next attempt is due at once. A no-op until its first. @throws NotFound notice-unknown */
export function redeliverNotice(state: NoticeState, noticeId: string): NoticeEvent[] {
  refuseUnknown(state, noticeId);
  const { status, attempts, notice } = state;
  return status === 'waiting' && attempts === 0 ? [] : [{ type: 'NoticeQueued', data: notice }];
}

/** Whether it is to be sent now. @param now epoch milliseconds */
export const isDue = ({ status, dueAt }: NoticeState, now: number): boolean => status === 'waiting' && dueAt <= now;

/** A no-op unless it waits. */
export const recordDelivery = ({ status, attempts }: NoticeState, noticeId: string): NoticeEvent[] =>
  status === 'waiting' ? [{ type: 'NoticeDelivered', data: { noticeId, attempt: attempts + 1 } }] : [];

/** Over about a day. */
export const MAX_ATTEMPTS = 14;
const FIRST_DELAY_MS = 30_000;
const MAX_DELAY_MS = 6 * 3_600_000;

export interface Failure {
  /** Without personal data. */
  error: string;
  /** No further attempt would help. */
  isPermanent: boolean;
  /** There is nobody to write to. */
  isSkipped?: boolean;
}

/** Tries again later, a limited number of times. A no-op unless it waits. @param now epoch milliseconds */
export function recordFailure(
  { status, attempts }: NoticeState,
  noticeId: string,
  { error, isPermanent, isSkipped }: Failure,
  now: number,
): NoticeEvent[] {
  if (status !== 'waiting') return [];
  const attempt = attempts + 1;
  const isLast = isPermanent || attempt >= MAX_ATTEMPTS;
  const data = {
    ...{ noticeId, attempt, error: error.slice(0, 200) },
    ...(!isLast && { retryAt: toIso(now + delayMs(noticeId, attempt)) }),
    ...(isSkipped && { isSkipped }),
  };
  return [{ type: 'NoticeFailed', data }];
}

/**
 * Doubles with each attempt, between half and all of it. The part is derived from the id, which nobody can compute, so that the
 * notices of an outage don't come back at once, and a replay decides the same.
 */
export function delayMs(noticeId: string, attempt: number): number {
  const whole = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  const part = Buffer.from(hashOf(noticeId, String(attempt)), 'base64url').readUInt32BE(0) / 2 ** 32;
  return Math.round(whole * (0.5 + part / 2));
}
