import type { Context } from '../../context/context.js';
import type { Circumstances, DecisionsAgain, MadeAgain } from '../../context/decisions-again.js';
import { nameOf } from '../../event-store/transact.js';
import { sortedJson } from '../../kernel/canonical-json.js';
import { OWN_SOURCE } from '../../kernel/command-context.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { DomainEvent, RecordedEvent } from '../../kernel/envelope.js';
import { GatehouseError } from '../../kernel/errors.js';
import { EarlierEvents } from './earlier-events.js';
import { type Explanation, holds, type RuleOutcome } from './explanation.js';

/** Events of one decision beyond this are not looked for. */
const MOST_TOGETHER = 50;
/** A decision that is a no-op returns no events. */
const CHANGES = 'changes-something';

interface Outcome extends Explanation {
  decided: readonly DomainEvent[] | null;
}

/** An explanation, and what the decision that it is of has read. */
export interface StoredExplanation {
  explanation: Explanation;
  read: EarlierEvents;
}

/**
 * Makes the decision again that stored an event, alone or after others of the same decision: those are the events before it in
 * its stream with the same cause.
 */
export async function explainStored(
  event: RecordedEvent,
  earlier: EarlierEvents,
  contexts: readonly Pick<Context, 'decisionsAgain'>[],
): Promise<StoredExplanation | undefined> {
  const all = contexts.flatMap(({ decisionsAgain = [] }) => decisionsAgain);
  const again = all.find(({ byType }) => Object.hasOwn(byType, event.type));
  const entry = again?.byType[event.type];
  if (!again || !entry || 'because' in entry) return undefined;
  const history = (await earlier.all(event.stream)).filter(({ revision }) => revision !== event.revision);
  // An event that was altered is explained as it is given.
  const whole = [...history, event].sort((a, b) => a.revision - b.revision);
  const at = whole.indexOf(event);
  let found: StoredExplanation | undefined;
  for (let first = at; first >= 0 && at - first < MOST_TOGETHER; first--) {
    if (!haveOneCause(whole[first]!, event)) break;
    const read = earlier.unread();
    const outcome = await decideAt(whole, first, again, read);
    if (outcome?.agrees && first + outcome.decided!.length > at) return { explanation: outcome, read };
    found ??= outcome && { explanation: { ...outcome, agrees: false }, read };
  }
  return found;
}

const haveOneCause = ({ metadata: one }: RecordedEvent, { metadata: other }: RecordedEvent): boolean =>
  one.correlationid === other.correlationid &&
  one.causationid === other.causationid &&
  one.actor?.id === other.actor?.id;

async function decideAt(
  whole: readonly RecordedEvent[],
  first: number,
  { kind, byType }: DecisionsAgain,
  read: EarlierEvents,
): Promise<Outcome | undefined> {
  const event = whole[first]!;
  const entry = Object.hasOwn(byType, event.type) ? byType[event.type]! : undefined;
  if (!entry || 'because' in entry) return undefined;
  const end = whole.findIndex((one, n) => n > first && !haveOneCause(one, event));
  const together = whole.slice(first, end < 0 ? whole.length : end);
  const { metadata, recordedAt, stream } = event;
  const own = whole.slice(0, first);
  const made: Circumstances = {
    // What other systems report says when it happened there.
    now: Date.parse(metadata.source === OWN_SOURCE ? metadata.time : recordedAt),
    actor: metadata.actor,
    source: metadata.source,
    id: stream.slice(kind.category.length + 1),
    together,
    state: async (other, id) =>
      // The rest of the decision is no part of what it was made on.
      nameOf(other, id) === stream ? foldRecorded(other, own) : read.state(other, id),
    event: read.event,
    find: read.find,
    isStored: (decided) => isStored(decided, together),
  };
  return outcomeOf(entry, foldRecorded(kind, own), event, made);
}

async function outcomeOf(
  entry: MadeAgain<unknown, DomainEvent, unknown>,
  state: unknown,
  { data }: RecordedEvent,
  made: Circumstances,
): Promise<Outcome | undefined> {
  const details = entry.details?.(state, data, made) ?? {};
  const rule = (name: string, isSo: boolean, detail = details[name]): RuleOutcome => holds(name, isSo, detail);
  const names = Object.values(entry.rules);
  try {
    const decided = await entry.decide(state, data, made);
    if (decided === undefined) return undefined;
    return {
      rules: [...names.map((one) => rule(one, true)), rule(CHANGES, decided.length > 0)],
      decided,
      agrees: isStored(decided, made.together),
    };
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    const place = Object.keys(entry.rules).indexOf(error.code);
    // Those after a broken one were not asked.
    const before = names.slice(0, Math.max(0, place)).map((one) => rule(one, true));
    return { rules: [...before, rule(names[place] ?? error.code, false, error.message)], decided: null, agrees: false };
  }
}

/** Whether these are the first of the stored events. Fields without a value are none. */
const isStored = (decided: readonly DomainEvent[], stored: readonly RecordedEvent[]): boolean =>
  decided.length > 0 &&
  decided.length <= stored.length &&
  decided.every(({ type, data }, n) => type === stored[n]!.type && sortedJson(data) === sortedJson(stored[n]!.data));
