import { type EventStore, UnknownPosition } from '../../event-store/event-store.js';
import { positionAt } from '../../event-store/position-at.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { GatehouseError } from '../../kernel/errors.js';
import type { ReportData } from '../report.js';

const PAGE = 1_000;

/** The log has the publication of a report, and not the last event that its figures count. */
export class ReportedEventGone extends GatehouseError {
  constructor({ reportId, lastEvent, asOf }: Pick<ReportData, 'reportId' | 'lastEvent' | 'asOf'>) {
    const named = lastEvent === undefined ? '' : ` (${lastEvent})`;
    super(
      'reported-event-gone',
      `the last event of report ${reportId}${named}, stored at ${asOf}, is not in this log, so its figures can't be counted again: the log was altered, or is not the one that the report was published from. Compare it with its leaves by gatehouse audit verify --full, or count the report again on the log that it was published from, or on a whole copy of that`,
      'gone',
    );
  }
}

/** Undefined if none is there. @throws UnknownPosition */
export async function eventAt(store: EventStore, position: Position): Promise<RecordedEvent | undefined> {
  const [event] = (await store.readAll(position, { limit: 1, including: true })).events;
  return event?.position === position ? event : undefined;
}

/**
 * The last event that a report counts, wherever a copy of the log has it. Without its id, as in reports of earlier releases,
 * it is the last one of its time.
 */
export async function lastEventOf(
  store: EventStore,
  { position, asOf, lastEvent }: Pick<ReportData, 'position' | 'asOf' | 'lastEvent'>,
): Promise<RecordedEvent | undefined> {
  const isLast = ({ id, recordedAt }: RecordedEvent) =>
    recordedAt === asOf && (lastEvent === undefined || id === lastEvent);
  const there = await eventAt(store, position).catch((error) => {
    if (error instanceof UnknownPosition) return undefined;
    throw error;
  });
  if (there && isLast(there)) return there;
  const time = Date.parse(asOf);
  let found: RecordedEvent | undefined;
  for (let after = await positionAt(store, time - 1); ; ) {
    const { events, next, atHead } = await store.readAll(after, { limit: PAGE });
    found = events.findLast(isLast) ?? found;
    if (atHead || events.some(({ recordedAt }) => Date.parse(recordedAt) > time)) return found;
    after = next;
  }
}
