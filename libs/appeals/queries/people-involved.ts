import { accountStream, causeOf } from '../../account/index.js';
import type { DataOf } from '../../events/event-definition.js';
import { NoOpRecorded } from '../../events/no-op-recorded.js';
import type { StreamKind } from '../../kernel/decider.js';
import type { DomainEvent, RecordedEvent } from '../../kernel/envelope.js';
import { caseStream, ReviewConfirmed, VerdictGiven } from '../../review/index.js';

/**
 * Of a case, everybody of ours who had a hand in it: reviewers with any verdict, also one they took back, and people who claimed,
 * held, escalated, handed over or reopened it.
 */
export const peopleOfCase: StreamKind<{ people: ReadonlySet<string> }, DomainEvent> = {
  category: caseStream.category,
  // Also whose command was a no-op.
  events: [...caseStream.events, NoOpRecorded],
  initial: { people: new Set() },
  evolve({ people }, event, { actor }) {
    const more = [...(actor.kind === 'user' ? [actor.id] : []), ...oursIn(event)];
    return { people: more.every((one) => people.has(one)) ? people : new Set([...people, ...more]) };
  },
};

function oursIn({ type, data }: DomainEvent): readonly string[] {
  if (type === VerdictGiven.type) {
    const { reviewer, reviewerSource } = data as DataOf<typeof VerdictGiven>;
    return reviewerSource === undefined ? [reviewer] : [];
  }
  // The panel of another system may have reviewers of ours in it; their system is then empty.
  return type === ReviewConfirmed.type ? ours(data as DataOf<typeof ReviewConfirmed>) : [];
}

function ours(data: { reviewers?: string[]; reviewerSource?: string; reviewerSources?: string[] }): string[] {
  const { reviewers = [], reviewerSource, reviewerSources } = data;
  if (reviewerSources) return reviewers.filter((_, n) => reviewerSources[n] === '');
  return reviewerSource === undefined ? reviewers : [];
}

/** Whether an event of an account belongs to what one decision has led to. It must not be broken. */
export const isOfCause = ({ data }: Pick<RecordedEvent, 'data'>, cause: string): boolean =>
  causeOf(data as { caseId?: string; enforcementId?: string }).cause === cause;

/** Of an account, by decision: who imposed by hand what it has led to. */
export const peopleBehind: StreamKind<{ byCause: ReadonlyMap<string, ReadonlySet<string>> }, DomainEvent> = {
  category: accountStream.category,
  events: accountStream.events,
  initial: { byCause: new Map() },
  evolve(state, { data }, { actor }) {
    const { cause } = causeOf(data as { caseId?: string; enforcementId?: string });
    const known = state.byCause.get(cause);
    if (actor.kind !== 'user' || known?.has(actor.id)) return state;
    return { byCause: new Map(state.byCause).set(cause, new Set([...(known ?? []), actor.id])) };
  },
};

const NOBODY: ReadonlySet<string> = new Set();

/** Who imposed by hand what one decision has led to, on the account itself. */
export const imposersOf = ({ byCause }: (typeof peopleBehind)['initial'], cause: string): ReadonlySet<string> =>
  byCause.get(cause) ?? NOBODY;
