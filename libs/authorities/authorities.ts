import { COUNTRIES, isIllegalCategory, keywordsOf } from '../kernel/commission-codes.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { type InvalidField, InvalidInput, NotFound } from '../kernel/errors.js';
import { type AuthorityEvent, authorityEvents } from './events.js';

type DataOf<Type extends AuthorityEvent['type']> = Extract<AuthorityEvent, { type: Type }>['data'];
export type AuthorityOrder = DataOf<'AuthorityOrderRecorded'>;
export type Dispute = DataOf<'DisputeRecorded'>;
export type TrustedFlagger = DataOf<'TrustedFlaggerSet'>;

export interface Recorded<Data> {
  data: Data;
  /** The position of its last event. */
  changedAt: Position;
}

export interface AuthorityRecords {
  orders: ReadonlyMap<string, Recorded<AuthorityOrder>>;
  disputes: ReadonlyMap<string, Recorded<Dispute>>;
  /** Those that are none any more too. */
  flaggers: ReadonlyMap<string, Recorded<TrustedFlagger>>;
}

/** The kind has a single stream, `authorities`. */
export const authoritiesStream: StreamKind<AuthorityRecords, AuthorityEvent> = {
  category: 'authorities',
  events: authorityEvents,
  initial: { orders: new Map(), disputes: new Map(), flaggers: new Map() },
  evolve(state, { type, data }, { position: changedAt }) {
    switch (type) {
      case 'AuthorityOrderRecorded':
        return { ...state, orders: new Map(state.orders).set(data.orderId, { data, changedAt }) };
      case 'DisputeRecorded':
        return { ...state, disputes: new Map(state.disputes).set(data.disputeId, { data, changedAt }) };
      case 'TrustedFlaggerSet':
        return { ...state, flaggers: new Map(state.flaggers).set(data.flaggerId, { data, changedAt }) };
    }
  },
};

/** Whether they say the same, whatever the reason for recording them was. */
function isSame<Data extends { reason: string }>(before: Recorded<Data> | undefined, data: Data): boolean {
  if (!before) return false;
  const fields = (one: Data) =>
    JSON.stringify(Object.entries({ ...one, reason: '' }).sort(([a], [b]) => (a < b ? -1 : 1)));
  return fields(before.data) === fields(data);
}

/** The faults of times that are before another one, or to come. */
function timeFaults(times: Readonly<Record<string, string | undefined>>, first: string, now: number): InvalidField[] {
  return Object.entries(times).flatMap(([field, time]) => {
    if (time === undefined) return [];
    if (Date.parse(time) > now) return [{ field: `/${field}`, message: 'must not be in the future' }];
    return Date.parse(time) < Date.parse(times[first]!)
      ? [{ field: `/${field}`, message: `must not be before ${first}` }]
      : [];
  });
}

function refuse(faults: readonly InvalidField[]): void {
  if (faults.length > 0) throw new InvalidInput([...faults]);
}

/** A no-op for what is recorded. @param now epoch milliseconds @throws InvalidInput */
export function recordOrder({ orders }: AuthorityRecords, data: AuthorityOrder, now: number): AuthorityEvent[] {
  const { kind, country, category, keyword, items, receivedAt, acknowledgedAt, carriedOutAt } = data;
  const faults = timeFaults({ receivedAt, acknowledgedAt, carriedOutAt }, 'receivedAt', now);
  const fault = (field: string, message: string) => faults.push({ field: `/${field}`, message });
  if (!COUNTRIES.some((one) => one === country)) fault('country', `must be one of ${COUNTRIES.join(', ')}`);
  if (category !== undefined && !isIllegalCategory(category))
    fault('category', 'must be a category of illegal content, or be left out');
  if (keyword !== undefined && !keywordsOf(category ?? '').includes(keyword))
    fault('keyword', 'must be one of the category');
  if ((kind === 'act') !== (items !== undefined)) fault('items', 'must be given for an order to act, and only for one');
  refuse(faults);
  return isSame(orders.get(data.orderId), data) ? [] : [{ type: 'AuthorityOrderRecorded', data }];
}

/** A no-op for what is recorded. @param now epoch milliseconds @throws InvalidInput */
export function recordDispute({ disputes }: AuthorityRecords, data: Dispute, now: number): AuthorityEvent[] {
  const { submittedAt, decidedAt, outcome, isImplemented } = data;
  const faults = timeFaults({ submittedAt, decidedAt }, 'submittedAt', now);
  if ((decidedAt === undefined) !== (outcome === undefined))
    faults.push({ field: '/outcome', message: 'must be given with decidedAt, and only with it' });
  if ((isImplemented !== undefined) !== (outcome !== undefined && outcome !== 'omitted'))
    faults.push({ field: '/isImplemented', message: 'must be given for an outcome that decides, and only for one' });
  refuse(faults);
  return isSame(disputes.get(data.disputeId), data) ? [] : [{ type: 'DisputeRecorded', data }];
}

/** A no-op if it is so. @throws NotFound flagger-unknown for the end of a trust that never was */
export function setTrustedFlagger({ flaggers }: AuthorityRecords, data: TrustedFlagger): AuthorityEvent[] {
  const known = flaggers.get(data.flaggerId)?.data;
  if (!known && !data.isTrusted) {
    throw new NotFound(
      'flagger-unknown',
      `${data.flaggerId} never was a trusted flagger: gatehouse authority records, or GET /v1/authority-records, lists them`,
    );
  }
  return known?.isTrusted === data.isTrusted ? [] : [{ type: 'TrustedFlaggerSet', data }];
}
