import type { FlagSources } from '../flag-sources.js';
import type { Restriction } from './known-images.js';
import type { DataOf } from './moderation-event.js';

/** In epoch milliseconds: the first that is in it, and the first that is not. */
export interface Period {
  from: number;
  to: number;
}

/** Equal restrictions that were imposed in the period. */
export interface Measures {
  count: number;
  restriction: Restriction;
  /** Undefined if the decision names none. */
  clause: string | undefined;
  flags: FlagSources;
  /** Whether a trusted flagger is among the users who had flagged the image. */
  isTrusted: boolean;
  /** Whether it is known that a person took part in the decision. */
  isHuman: boolean;
}

/** Flags of users. */
export interface Notices {
  /** In the period. */
  received: number;
  /** The distinct images of those. */
  images: number;
  /** From each flag that was decided on in the period to the decision. */
  hours: number[];
}

/** An order of an authority that was received in the period. */
export interface Order extends Pick<DataOf<'AuthorityOrderRecorded'>, 'kind' | 'country' | 'category' | 'keyword'> {
  items: number;
  hoursToAcknowledge: number | undefined;
  hoursToCarryOut: number | undefined;
}

/** A dispute before an out-of-court body. */
export interface DisputeFigure {
  /** Submitted in the period. */
  isSubmitted: boolean;
  /** Of one that was decided in the period. */
  decided?: { outcome: NonNullable<DataOf<'DisputeRecorded'>['outcome']>; hours: number; isImplemented: boolean };
}

export type AppealOutcome = 'upheld' | 'partly-reversed' | 'reversed' | 'omitted';

/** Appeals against measures of a kind. */
export interface Complaints {
  /** What they are against; a strike restricts only the image. */
  against: Restriction;
  /** In the period. */
  filed: number;
  /** Of those that were decided in the period. */
  outcomes: Record<AppealOutcome, number>;
  /** From each that was decided in the period, and not omitted, to the decision. */
  hours: number[];
}

/** Equal rounds that were decided in the period. */
export interface Decisions {
  count: number;
  flags: FlagSources;
  isConfirmed: boolean;
}

export interface ReportFigures {
  measures: Measures[];
  /** By category of illegal content, and of all together: those of everybody, and those of trusted flaggers. */
  notices: ReadonlyMap<string, { all: Notices; trusted: Notices }>;
  complaints: Complaints[];
  decided: Decisions[];
  orders: Order[];
  disputes: DisputeFigure[];
}

/** How many there are, of those that are counted together. */
export const sumOf = (counted: readonly { count: number }[]): number =>
  counted.reduce((sum, { count }) => sum + count, 0);

/** Undefined of none. */
export function medianOf(values: readonly number[]): number | undefined {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
