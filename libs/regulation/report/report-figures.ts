import { decidersOf } from '../../review/index.js';
import { type FlagSources, flagSourcesAfter, NOBODY } from '../flag-sources.js';
import type { DataOf, ModerationEvent } from './moderation-event.js';

/** In epoch milliseconds: the first that is in it, and the first that is not. */
export interface Period {
  from: number;
  to: number;
}

export type Restriction = 'account-terminated' | 'account-suspended' | 'service-restricted' | 'image-disabled';

/** A restriction that was imposed in the period. */
export interface Measure {
  restriction: Restriction;
  /** Undefined if the decision names none. */
  clause: string | undefined;
  flags: FlagSources;
  /** Whether a trusted flagger is among the users who had flagged the image. */
  isTrusted: boolean;
  /** Whether it is known that a person took part in the decision. */
  isHuman: boolean;
}

/** A flag of a user in the period. */
export interface Notice {
  imageId: string;
  categories: readonly string[];
  /** Whether it is that of a trusted flagger. */
  isTrusted: boolean;
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

export interface Complaint {
  /** What it is against; a strike restricts only the image. */
  against: Restriction;
  /** Filed in the period. */
  isFiled: boolean;
  /** Of one that was decided in the period. */
  outcome?: AppealOutcome;
  hours?: number;
}

/** A round that was decided in the period. */
export interface Decided {
  flags: FlagSources;
  isConfirmed: boolean;
}

export interface ReportFigures {
  measures: Measure[];
  notices: Notice[];
  /** The decisions on flags of users in the period: hours from the flag on, and what the flag named. */
  decidedNotices: { hours: number; categories: readonly string[]; isTrusted: boolean }[];
  complaints: Complaint[];
  decided: Decided[];
  orders: Order[];
  disputes: DisputeFigure[];
}

const HOUR_MS = 3_600_000;
const MEASURES: Record<DataOf<'EnforcementOrdered'>['measure'], Restriction> = {
  strike: 'image-disabled',
  restrict: 'service-restricted',
  suspend: 'account-suspended',
  deactivate: 'account-terminated',
};
const OUTCOMES = {
  AppealDenied: 'upheld',
  AppealPartlyGranted: 'partly-reversed',
  AppealGranted: 'reversed',
  AppealLapsed: 'omitted',
} as const;

interface KnownCase {
  flags: FlagSources;
  clause: string | undefined;
  isTrusted: boolean;
  isHuman: boolean;
}
const UNKNOWN_CASE: KnownCase = { flags: NOBODY, clause: undefined, isTrusted: false, isHuman: true };

/**
 * Gathers the figures of a period from events in the order of the log, from the first on: what was decided in the period may
 * have begun before it.
 */
export class FigureGathering {
  private readonly figures: Omit<ReportFigures, 'orders' | 'disputes'> = {
    ...{ measures: [], notices: [], decidedNotices: [], complaints: [], decided: [] },
  };
  private readonly cases = new Map<string, KnownCase>();
  /** Flags of users that no decision has answered, by image. */
  private readonly open = new Map<string, { at: number; categories: readonly string[]; isTrusted: boolean }[]>();
  private readonly ordered = new Map<string, Restriction>();
  private readonly appeals = new Map<string, { filedAt: number; complaint: Complaint }>();

  /** As they were recorded last, by their ids. */
  private readonly orders = new Map<string, DataOf<'AuthorityOrderRecorded'>>();
  private readonly disputes = new Map<string, DataOf<'DisputeRecorded'>>();
  private readonly trusted = new Set<string>();

  constructor(private readonly period: Period) {}

  add(event: ModerationEvent): void {
    const at = Date.parse(event.recordedAt);
    switch (event.type) {
      case 'ContentFlagged':
        this.flagged(event.data, at);
        break;
      case 'CaseOpened':
      case 'CaseJoined':
        this.change(event.data.caseId, ({ flags, isTrusted }) => ({
          flags: flagSourcesAfter(flags, event),
          isTrusted: (event.type === 'CaseJoined' && isTrusted) || this.isTrusted(event.data),
        }));
        break;
      case 'ReviewConfirmed':
      case 'ReviewUpheld': {
        const { caseId, clause } = event.data;
        this.reviewed(caseId, at, true);
        this.change(caseId, () => ({ clause, isHuman: decidersOf(event.data) === 'reviewers' }));
        break;
      }
      case 'ReviewAmended':
        this.change(event.data.caseId, () => ({ clause: event.data.clause }));
        break;
      case 'ReviewDismissed':
      case 'ModelProblemFound':
        this.reviewed(event.data.caseId, at, false);
        break;
      case 'ImageWithheld':
        this.withheld(event.data, at);
        break;
      case 'EnforcementOrdered':
        this.imposed(event.data, at);
        break;
      case 'AuthorityOrderRecorded':
        this.orders.set(event.data.orderId, event.data);
        break;
      case 'DisputeRecorded':
        this.disputes.set(event.data.disputeId, event.data);
        break;
      case 'TrustedFlaggerSet':
        if (event.data.isTrusted) this.trusted.add(event.data.flaggerId);
        else this.trusted.delete(event.data.flaggerId);
        break;
      case 'AppealFiled':
        this.filed(event.data, at);
        break;
      default:
        this.answered(event.data, OUTCOMES[event.type], at);
    }
  }

  result(): ReportFigures {
    const orders = [...this.orders.values()].filter(({ receivedAt }) => this.isIn(Date.parse(receivedAt)));
    const disputes = [...this.disputes.values()].map((one) => this.disputeOf(one));
    return { ...this.figures, orders: orders.map(orderOf), disputes };
  }

  private disputeOf({
    submittedAt,
    decidedAt,
    outcome,
    isImplemented = false,
  }: DataOf<'DisputeRecorded'>): DisputeFigure {
    const isSubmitted = this.isIn(Date.parse(submittedAt));
    if (decidedAt === undefined || outcome === undefined || !this.isIn(Date.parse(decidedAt))) return { isSubmitted };
    return { isSubmitted, decided: { outcome, hours: hoursBetween(submittedAt, decidedAt), isImplemented } };
  }

  private isTrusted({ flaggedBy, flaggerKind }: { flaggedBy?: string; flaggerKind?: string }): boolean {
    return flaggerKind === 'user' && flaggedBy !== undefined && this.trusted.has(flaggedBy);
  }

  private isIn(at: number): boolean {
    return at >= this.period.from && at < this.period.to;
  }

  private caseOf(caseId: string): KnownCase {
    return this.cases.get(caseId) ?? UNKNOWN_CASE;
  }

  private change(caseId: string, changed: (before: KnownCase) => Partial<KnownCase>): void {
    const before = this.caseOf(caseId);
    this.cases.set(caseId, { ...before, ...changed(before) });
  }

  private flagged(flag: DataOf<'ContentFlagged'>, at: number): void {
    const { imageId, flaggerKind, categories } = flag;
    if (flaggerKind !== 'user') return;
    const isTrusted = this.isTrusted(flag);
    if (this.isIn(at)) this.figures.notices.push({ imageId, categories, isTrusted });
    const others = this.open.get(imageId);
    if (others) others.push({ at, categories, isTrusted });
    else this.open.set(imageId, [{ at, categories, isTrusted }]);
  }

  /** A case has the id of its image. */
  private reviewed(caseId: string, at: number, isConfirmed: boolean): void {
    const answered = this.open.get(caseId) ?? [];
    this.open.delete(caseId);
    if (!this.isIn(at)) return;
    this.figures.decided.push({ flags: this.caseOf(caseId).flags, isConfirmed });
    for (const { at: flaggedAt, ...flag } of answered)
      this.figures.decidedNotices.push({ hours: (at - flaggedAt) / HOUR_MS, ...flag });
  }

  private withheld({ caseId, cause }: DataOf<'ImageWithheld'>, at: number): void {
    if (cause === 'model-problem' || !this.isIn(at)) return;
    this.figures.measures.push({ restriction: 'image-disabled', ...this.caseOf(caseId) });
  }

  private imposed(data: DataOf<'EnforcementOrdered'>, at: number): void {
    const { caseId, enforcementId, measure, clause, statement, decidedAt } = data;
    this.ordered.set((caseId ?? enforcementId)!, MEASURES[measure]);
    if (measure === 'strike' || !this.isIn(decidedAt === undefined ? at : Date.parse(decidedAt))) return;
    const { flags, isTrusted } = caseId === undefined ? UNKNOWN_CASE : this.caseOf(caseId);
    const isHuman = statement?.decidedBy !== 'other-system';
    this.figures.measures.push({ restriction: MEASURES[measure], clause, flags, isTrusted, isHuman });
  }

  private filed({ appealId, number }: DataOf<'AppealFiled'>, at: number): void {
    const against = this.ordered.get(appealId) ?? 'account-terminated';
    const complaint: Complaint = { against, isFiled: this.isIn(at) };
    this.appeals.set(`${appealId} ${number}`, { filedAt: at, complaint });
    if (complaint.isFiled) this.figures.complaints.push(complaint);
  }

  private answered(
    { appealId, number }: DataOf<'AppealDenied' | 'AppealLapsed'>,
    outcome: AppealOutcome,
    at: number,
  ): void {
    const key = `${appealId} ${number}`;
    const appeal = this.appeals.get(key);
    this.appeals.delete(key);
    if (!appeal || !this.isIn(at)) return;
    const { complaint, filedAt } = appeal;
    if (!complaint.isFiled) this.figures.complaints.push(complaint);
    complaint.outcome = outcome;
    complaint.hours = (at - filedAt) / HOUR_MS;
  }
}

const hoursBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / HOUR_MS;

function orderOf({ kind, country, category, keyword, ...given }: DataOf<'AuthorityOrderRecorded'>): Order {
  const { items = 0, receivedAt, acknowledgedAt, carriedOutAt } = given;
  const since = (at: string | undefined) => (at === undefined ? undefined : hoursBetween(receivedAt, at));
  return {
    ...{ kind, country, category, keyword, items },
    ...{ hoursToAcknowledge: since(acknowledgedAt), hoursToCarryOut: since(carriedOutAt) },
  };
}

/** Undefined of none. */
export function medianOf(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
