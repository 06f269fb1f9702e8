import type { EventStore } from '../../event-store/event-store.js';
import type { Position } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import type { Cohort } from '../cohort.js';

/** The log, as far as parts are read. */
export type PartsLog = Pick<EventStore, 'readPositions'>;

/** Accounts that were chosen together. */
export interface CohortPart {
  /** In the order of their turn. */
  accounts: readonly string[];
  /** For which turn each was chosen; unknown in a choice of an earlier release. */
  turns?: readonly number[];
  /** The position of the choice. */
  chosenAt: Position;
}

/** @param position of a part or a report, from the state of its stream @throws StoreUnavailable if the store doesn't have it */
export async function partAt(log: PartsLog, position: Position): Promise<CohortPart> {
  const [event] = await log.readPositions([position]);
  if (!event) throw new StoreUnavailable(`the store returned no event at ${position}, which it had before`);
  const { accounts, turns } = event.data as Omit<CohortPart, 'chosenAt'>;
  return { accounts, ...(turns && { turns }), chosenAt: position };
}

/**
 * Those of the accounts of a part that no report has. Reads the reports from the choice on, until one has all that are left: as a
 * rule the first has.
 */
export async function unreported(
  log: PartsLog,
  { reports }: Cohort,
  chosenAt: Position,
  accounts: readonly string[],
): Promise<readonly string[]> {
  let left = accounts;
  for (const position of reports) {
    if (left.length === 0) return left;
    // In early logs a report is the choice too.
    if (position < chosenAt) continue;
    const known = new Set((await partAt(log, position)).accounts);
    left = left.filter((account) => !known.has(account));
  }
  return left;
}
