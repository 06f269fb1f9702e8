import { decidersOf } from '../../review/index.js';
import { type FlagSources, flagSourcesAfter, NOBODY } from '../flag-sources.js';
import type { StatementMapping } from '../mapping.js';
import { NOTICE_ROWS, noticeCategory, TOTAL } from './categorised.js';
import { KnownImages, RESTRICTIONS, type Restriction } from './known-images.js';
import type { DataOf, ModerationEvent } from './moderation-event.js';
import type {
  AppealOutcome,
  Complaints,
  Decisions,
  DisputeFigure,
  Measures,
  Notices,
  Order,
  Period,
  ReportFigures,
} from './report-figures.js';

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
const BY_HAND = { flags: NOBODY, isTrusted: false };

/** Those of everybody in one of the rows of notices, or those of trusted flaggers. An image has a bit for each. */
const NOTICE_SETS = NOTICE_ROWS.filter(({ code, category = code }) => code === category).flatMap(({ code }) => [
  { code, isTrusted: false },
  { code, isTrusted: true },
]);
const FIRST_SETS = new Map(
  NOTICE_SETS.flatMap(({ code, isTrusted }, set) => (isTrusted ? [] : [[code, set] as const])),
);
const setOf = (code: string, isTrusted: boolean): number => FIRST_SETS.get(code)! + (isTrusted ? 1 : 0);
/** By the set that a flag is in by its category, all that it is in. */
const SETS_OF = NOTICE_SETS.map(({ code, isTrusted }) =>
  [TOTAL, code].flatMap((one) => [setOf(one, false), ...(isTrusted ? [setOf(one, true)] : [])]),
);

/**
 * Gathers the figures of a period from events in the order of the log, from the first on: what was decided in the period may
 * have begun before it. Keeps counts, the hours of which there are medians, some numbers for each image that was flagged, and what is open.
 */
export class FigureGathering {
  private readonly images = new KnownImages();
  private readonly notices: Notices[] = NOTICE_SETS.map(() => ({ received: 0, images: 0, hours: [] }));
  private readonly complaints: Complaints[] = RESTRICTIONS.map((against) => ({
    ...{ against, filed: 0, hours: [] },
    outcomes: { upheld: 0, 'partly-reversed': 0, reversed: 0, omitted: 0 },
  }));
  private readonly measures = new Map<string, Measures>();
  private readonly decided = new Map<string, Decisions>();
  /** Those that nobody has decided on. */
  private readonly appeals = new Map<string, { filedAt: number; against: Restriction }>();

  /** As they were recorded last, by their ids. */
  private readonly orders = new Map<string, DataOf<'AuthorityOrderRecorded'>>();
  private readonly disputes = new Map<string, DataOf<'DisputeRecorded'>>();
  private readonly trusted = new Set<string>();

  /** @param mapping of the clauses that flags name to kinds of content */
  constructor(
    private readonly period: Period,
    private readonly mapping: Pick<StatementMapping, 'entries'>,
  ) {}

  add(event: ModerationEvent): void {
    const at = Date.parse(event.recordedAt);
    switch (event.type) {
      case 'ContentFlagged':
        this.flagged(event.data, at);
        break;
      case 'CaseOpened':
      case 'CaseJoined':
        this.images.change(event.data.caseId, ({ flags, isTrusted }) => ({
          flags: flagSourcesAfter(flags, event),
          isTrusted: (event.type === 'CaseJoined' && isTrusted) || this.isTrusted(event.data),
        }));
        break;
      case 'ReviewConfirmed':
      case 'ReviewUpheld': {
        const { caseId, clause } = event.data;
        this.reviewed(caseId, at, true);
        this.images.change(caseId, () => ({ clause, isHuman: decidersOf(event.data) === 'reviewers' }));
        break;
      }
      case 'ReviewAmended':
        this.images.change(event.data.caseId, () => ({ clause: event.data.clause }));
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
    const noticesOf = (code: string, isTrusted: boolean) => this.notices[setOf(code, isTrusted)]!;
    const codes = new Set(NOTICE_SETS.map(({ code }) => code));
    return {
      measures: [...this.measures.values()],
      notices: new Map(
        [...codes].map((code) => [code, { all: noticesOf(code, false), trusted: noticesOf(code, true) }]),
      ),
      complaints: this.complaints,
      decided: [...this.decided.values()],
      orders: orders.map(orderOf),
      disputes: [...this.disputes.values()].map((one) => this.disputeOf(one)),
    };
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

  private flagged(flag: DataOf<'ContentFlagged'>, at: number): void {
    const { imageId, flaggerKind, categories } = flag;
    if (flaggerKind !== 'user') return;
    const kind = setOf(noticeCategory(categories, this.mapping), this.isTrusted(flag));
    this.images.flag(imageId, { at, kind });
    if (!this.isIn(at)) return;
    for (const set of SETS_OF[kind]!) {
      const notices = this.notices[set]!;
      notices.received++;
      if (this.images.notice(imageId, set)) notices.images++;
    }
  }

  /** A case has the id of its image. */
  private reviewed(caseId: string, at: number, isConfirmed: boolean): void {
    const answered = this.images.answer(caseId);
    if (!this.isIn(at)) return;
    const { flags } = this.images.caseOf(caseId);
    const key = `${isConfirmed} ${keyOf(flags)}`;
    const equal = this.decided.get(key);
    if (equal) equal.count++;
    else this.decided.set(key, { count: 1, flags, isConfirmed });
    for (const { at: flaggedAt, kind } of answered)
      for (const set of SETS_OF[kind]!) this.notices[set]!.hours.push((at - flaggedAt) / HOUR_MS);
  }

  private withheld({ caseId, cause }: DataOf<'ImageWithheld'>, at: number): void {
    if (cause === 'model-problem' || !this.isIn(at)) return;
    this.count({ restriction: 'image-disabled', ...this.images.caseOf(caseId) });
  }

  private imposed(data: DataOf<'EnforcementOrdered'>, at: number): void {
    const { caseId, enforcementId, measure, clause, statement, decidedAt } = data;
    this.images.order((caseId ?? enforcementId)!, MEASURES[measure]);
    if (measure === 'strike' || !this.isIn(decidedAt === undefined ? at : Date.parse(decidedAt))) return;
    const { flags, isTrusted } = caseId === undefined ? BY_HAND : this.images.caseOf(caseId);
    const isHuman = statement?.decidedBy !== 'other-system';
    this.count({ restriction: MEASURES[measure], clause, flags, isTrusted, isHuman });
  }

  private count(measure: Omit<Measures, 'count'>): void {
    const { restriction, clause, flags, isTrusted, isHuman } = measure;
    const key = JSON.stringify([restriction, clause, keyOf(flags), isTrusted, isHuman]);
    const equal = this.measures.get(key);
    if (equal) equal.count++;
    else this.measures.set(key, { count: 1, ...measure });
  }

  private filed({ appealId, number }: DataOf<'AppealFiled'>, at: number): void {
    const against = this.images.restrictionOf(appealId) ?? 'account-terminated';
    this.appeals.set(`${appealId} ${number}`, { filedAt: at, against });
    if (this.isIn(at)) this.complaintsAgainst(against).filed++;
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
    const { outcomes, hours } = this.complaintsAgainst(appeal.against);
    outcomes[outcome]++;
    if (outcome !== 'omitted') hours.push((at - appeal.filedAt) / HOUR_MS);
  }

  private complaintsAgainst(restriction: Restriction): Complaints {
    return this.complaints.find(({ against }) => against === restriction)!;
  }
}

const keyOf = ({ users, detectors }: FlagSources): string => `${users} ${detectors}`;

const hoursBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / HOUR_MS;

function orderOf({ kind, country, category, keyword, ...given }: DataOf<'AuthorityOrderRecorded'>): Order {
  const { items = 0, receivedAt, acknowledgedAt, carriedOutAt } = given;
  const since = (at: string | undefined) => (at === undefined ? undefined : hoursBetween(receivedAt, at));
  return {
    ...{ kind, country, category, keyword, items },
    ...{ hoursToAcknowledge: since(acknowledgedAt), hoursToCarryOut: since(carriedOutAt) },
  };
}
