import type { StreamKind } from '../kernel/decider.js';
import type { Actor, Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { type ReportEvent, ReportPublished } from './events.js';

export type ReportData = ReportEvent['data'];

export interface Published {
  data: ReportData;
  by: Actor;
  /** RFC 3339. */
  at: string;
  /** The position of its event. */
  position: Position;
}

/** The kind has a single stream, `reports`, so that each report knows those before it. In the order of their publication. */
export const reportsStream: StreamKind<readonly Published[], ReportEvent> = {
  category: 'reports',
  events: [ReportPublished],
  initial: [],
  evolve: (reports, { data }, { actor: by, time: at, position }) => [...reports, { data, by, at, position }],
};

/**
 * The report that one as of a position is compared with: the last one that was published by then, so that what is said as of a
 * position never depends on what was stored later.
 */
export const previousAt = (reports: readonly Published[], position: Position): Published | undefined =>
  reports.findLast((one) => one.position <= position);

/** The report that this one was compared with when it was published, as it was: positions are others after a move of the log. */
export function previousOf(
  reports: readonly Published[],
  { previous, previousPublishedAt }: ReportData,
): Published | undefined {
  const found = reports.find(({ data }) => data.reportId === previous);
  return found && { ...found, position: previousPublishedAt ?? found.position };
}

/** By time first: positions of different stores can't be compared. */
const isBefore = (data: ReportData, other: ReportData): boolean => {
  const apart = Date.parse(data.asOf) - Date.parse(other.asOf);
  return apart === 0 ? data.position < other.position : apart < 0;
};

/** @throws Refusal report-differs, report-superseded */
export function publishReport(reports: readonly Published[], data: ReportData): ReportEvent[] {
  const same = reports.find((one) => one.data.reportId === data.reportId);
  if (same?.data.sha256 === data.sha256) return [];
  if (same) {
    throw new Refusal(
      'report-differs',
      `report ${data.reportId} was published with another text: compare them by gatehouse report verify ${data.reportId}`,
    );
  }
  const last = reports.at(-1);
  if (last && isBefore(data, last.data)) {
    throw new Refusal(
      'report-superseded',
      `report ${last.data.reportId} is newer than position ${data.position}: publish one as of a later position`,
    );
  }
  return [{ type: 'ReportPublished', data }];
}
