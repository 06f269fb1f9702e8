import { accountStream, imposeMeasures } from '../../account/index.js';
import {
  type ConfirmedViolation,
  enforcementStream,
  ladderAt,
  ladderStream,
  type Order,
  orderedMeasures,
  orderFor,
  outcomeFor,
  strikesBefore,
  violationOf,
} from '../../enforcement/index.js';
import { nameOf } from '../../event-store/transact.js';
import { isOf } from '../../events/event-definition.js';
import { sortedJson } from '../../kernel/canonical-json.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { caseStream, ReviewConfirmed } from '../../review/index.js';
import type { EarlierEvents } from './earlier-events.js';
import { applies, type Explanation } from './explanation.js';

/** What an order has beyond the measures that the ladder says: its round, whom it was sent to, and how it is stated. */
const ADDED: readonly (keyof Order)[] = ['round', 'targets', 'statement'];

/** The confirmed review that caused an event; undefined if something else did. */
async function violationBehind(
  { metadata }: RecordedEvent,
  caseId: string,
  earlier: EarlierEvents,
): Promise<ConfirmedViolation | undefined> {
  const cause = await earlier.event(nameOf(caseStream, caseId), ({ id }) => id === metadata.causationid);
  return cause && isOf(ReviewConfirmed, cause) ? violationOf(cause) : undefined;
}

/** Orders again what a confirmed review leads to: by the ladder in force at its position, and the strikes until then. */
export async function explainOrder(event: RecordedEvent, earlier: EarlierEvents): Promise<Explanation | undefined> {
  const stored = event.data as Order;
  const { caseId, accountId } = stored;
  const violation = caseId === undefined ? undefined : await violationBehind(event, caseId, earlier);
  if (!violation) return undefined;
  const ladder = await earlier.state(ladderStream);
  const standing = await earlier.state(accountStream, accountId);
  const decided = orderFor(violation, standing, ladder);
  const { step } = outcomeFor(violation, standing, ladder);
  const strikes = strikesBefore(violation, standing) + 1;
  const entries = ladderAt(ladder, violation.position);
  const entry =
    entries.find(({ clause }) => clause !== undefined && clause === violation.clause) ??
    entries.find(({ clause }) => clause === undefined);
  return {
    rules: [
      applies('no-ladder', entries.length === 0, 'a confirmed violation deactivates the account'),
      ...entries.map((one) =>
        applies(`entry-${one.clause ?? 'other'}`, one === entry, `clause ${violation.clause ?? 'none'}`),
      ),
      ...(entry?.steps ?? []).map((one) =>
        applies(`${one.measure}-from-strike-${one.strikes}`, one === step, `this is strike ${strikes}`),
      ),
    ],
    decided,
    agrees: sortedJson(decided) === sortedJson(without(stored, ADDED)),
  };
}

/** Imposes again what was ordered on the account as it was. */
export async function explainImposed(event: RecordedEvent, earlier: EarlierEvents): Promise<Explanation | undefined> {
  const { caseId } = event.data as { caseId?: string };
  const violation = caseId === undefined ? undefined : await violationBehind(event, caseId, earlier);
  if (!violation) return undefined;
  const { causationid } = event.metadata;
  const isOrder = ({ type, metadata }: RecordedEvent) =>
    type === 'EnforcementOrdered' && metadata.causationid === causationid;
  const enforcement = nameOf(enforcementStream, caseId);
  // Without a ladder the order and what it imposes are stored at the same time.
  const order = (await earlier.event(enforcement, isOrder)) ?? (await earlier.all(enforcement)).find(isOrder);
  if (!order) return undefined;
  const together = (await earlier.all(event.stream)).filter(({ metadata }) => metadata.causationid === causationid);
  const first = together[0]!;
  const before = (await earlier.all(event.stream)).filter(({ revision }) => revision < first.revision);
  const measures = orderedMeasures(order.data as Order);
  const decided = imposeMeasures(foldRecorded(accountStream, before), violation, measures);
  const stored = together.map(({ type, data }) => ({ type, data }));
  return {
    rules: Object.entries({ deactivate: false, suspend: false, restrict: false, strike: false, ...measures }).map(
      ([measure, ordered]) => applies(measure, ordered !== false, `enforcement ${caseId}`),
    ),
    decided,
    agrees: sortedJson(decided) === sortedJson(stored),
  };
}

function without<Data extends object>(data: Data, left: readonly (keyof Data)[]): Partial<Data> {
  return Object.fromEntries(
    Object.entries(data).filter(([name]) => !left.includes(name as keyof Data)),
  ) as Partial<Data>;
}
