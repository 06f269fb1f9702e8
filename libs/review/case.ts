import type { EventPlace, StreamKind } from '../kernel/decider.js';
import { answered, confirmed, decided, overturned, unreserved } from './case-decided.js';
import type { Case, DataOf, GivenVerdict } from './case-state.js';
import { type CaseEvent, caseEvents } from './events.js';
import { GrowingSet } from './growing-set.js';
import type { SampleLikeness } from './sampling-events.js';

export type * from './case-state.js';

export const caseStream: StreamKind<Case, CaseEvent> = {
  category: 'case',
  events: caseEvents,
  initial: {
    status: 'none',
    imageId: '',
    round: 0,
    origin: 'flags',
    panelSize: 1,
    isPanelGiven: false,
    verdictsNeeded: 0,
    flags: 0,
    grewAt: 0,
    openedAt: 0,
    flaggers: GrowingSet.empty,
    sources: GrowingSet.empty,
    categories: GrowingSet.empty,
    everFlagged: GrowingSet.empty,
    flagged: GrowingSet.empty,
    confidence: 0,
    claims: 0,
    isEscalated: false,
    verdicts: [],
    closedAt: 0,
  },
  evolve: (state, event, place) => withBulk(state, event, evolved(state, event, place)),
};

function evolved(state: Case, event: CaseEvent, place: EventPlace): Case {
  switch (event.type) {
    case 'CaseOpened':
      return opened(state, event.data, place);
    case 'CaseJoined':
      return {
        ...state,
        ...remembered(state, event.data),
        accountId: event.data.accountId ?? state.accountId,
        flags: state.flags + 1,
        grewAt: place.position,
        flaggers: state.flaggers.with([event.data.flaggedBy]),
        sources: state.sources.with(sourceOf(event.data)),
        categories: state.categories.with(event.data.categories),
        ...(state.sample && { sample: named(state.sample, event.data.categories) }),
      };
    case 'CaseRouted':
      return routed(state, event.data);
    case 'CaseMoved':
      return moved(state, event.data);
    case 'CaseClaimed':
      return claimed(state, event.data);
    case 'CaseReleased':
      return unreserved(state);
    case 'CaseHandedOver':
      return { ...reservedFor(state, event.data), isEscalated: false };
    case 'CaseHeld':
      return reservedFor(state, event.data);
    case 'CaseEscalated':
      return { ...unreserved(state), isEscalated: true };
    case 'CaseReopened':
      return event.data.undoes === undefined ? newRound(state, event.data, place) : asBefore(state, event.data);
    case 'VerdictGiven':
      return voted(isClaimants(state.claim, event.data) ? unreserved(state) : state, event.data);
    case 'VerdictWithdrawn':
      return { ...state, verdicts: state.verdicts.filter((one) => !isOurs(one, event.data.reviewer)) };
    case 'FurtherReviewRequired':
      return { ...state, verdictsNeeded: event.data.verdicts };
    case 'ReviewConfirmed':
      return confirmed(state, event.data, place, { since: event.data.round ?? state.round });
    case 'ReviewUpheld':
      return confirmed(state, event.data, place, state.inForce ?? { since: event.data.round });
    case 'ReviewDismissed':
      return decided(state, 'dismissed', event.data, place);
    case 'ModelProblemFound':
      return decided(state, 'model-problem', event.data, place);
    case 'ReviewOverturned':
      return overturned(state, event.data, place);
    case 'ReviewAmended':
      return { ...state, clause: event.data.clause };
    case 'GoldenCaseAnswered':
      return answered(state, event.data, place);
    case 'GoldenCaseWithdrawn':
      return decided(state, 'dismissed', {}, place);
  }
}

/** What others say or rules decide of the case changes nothing of what a job did to it. */
const KEEPS_BULK: readonly CaseEvent['type'][] = ['CaseRouted', 'CaseJoined'];

function withBulk(before: Case, event: CaseEvent, after: Case): Case {
  const jobId = 'jobId' in event.data ? event.data.jobId : undefined;
  if (jobId !== undefined) {
    const { route, isEscalated, panelSize } = before;
    return { ...after, bulk: { jobId, isEscalated, panelSize, ...(event.type === 'CaseMoved' && route && { route }) } };
  }
  if (!after.bulk || KEEPS_BULK.includes(event.type)) return after;
  const { bulk: _, ...rest } = after;
  return rest;
}

type Flag = Pick<DataOf<'CaseJoined'>, 'flaggedBy' | 'categories' | 'confidence'>;

/** What a flag is about: its flagger with each category, or with none. */
export const subjectsOf = ({ flaggedBy, categories }: { flaggedBy: string; categories: readonly string[] }): string[] =>
  (categories.length > 0 ? categories : ['']).map((category) => `${category}\n${flaggedBy}`);

/** The category of a subject; empty for none. */
export const categoryOf = (subject: string): string => subject.slice(0, subject.indexOf('\n'));

/** Whether it is the verdict of our reviewer of this name. */
export const isOurs = (one: Pick<GivenVerdict, 'reviewer' | 'source'>, reviewer: string): boolean =>
  one.reviewer === reviewer && one.source === undefined;

const remembered = (state: Case, flag: Flag): Pick<Case, 'everFlagged' | 'flagged' | 'confidence'> => ({
  everFlagged: state.everFlagged.with([flag.flaggedBy]),
  flagged: state.flagged.with(subjectsOf(flag)),
  confidence: Math.max(state.confidence, flag.confidence ?? 0),
});

const reservedFor = (state: Case, { reviewer, until }: { reviewer: string; until: string }): Case => ({
  ...unreserved(state),
  reserved: { reviewer, until: Date.parse(until) },
});

function routed(state: Case, data: DataOf<'CaseRouted'>): Case {
  const { queue, priority, rulesVersion, panelSize = state.panelSize } = data;
  const isMoved = state.route?.isMoved === true && state.route.queue === queue;
  return { ...state, panelSize, route: { queue, priority, dueAt: Date.parse(data.dueAt), rulesVersion, isMoved } };
}

function moved(state: Case, { queue, isByRules }: DataOf<'CaseMoved'>): Case {
  const { route = { priority: 0, dueAt: state.openedAt, rulesVersion: 0 } } = state;
  return { ...unreserved(state), isEscalated: false, route: { ...route, queue, isMoved: isByRules !== true } };
}

/** Claims of earlier releases have no token. */
function claimed({ claims, ...state }: Case, { reviewer, until, token = claims + 1 }: DataOf<'CaseClaimed'>): Case {
  return { ...state, claims: token, claim: { reviewer, until: Date.parse(until), token } };
}

/** As urgent as the round before, until it is routed. */
function newRound(state: Case, { round, panelSize }: { round: number; panelSize: number }, place: EventPlace): Case {
  const openedAt = Date.parse(place.time) || 0;
  const { route } = state;
  return {
    ...unreserved(state),
    openedAt,
    ...(route && { route: { ...route, isMoved: false, dueAt: openedAt + route.dueAt - state.openedAt } }),
    status: 'open',
    grewAt: place.position,
    round,
    panelSize,
    isPanelGiven: false,
    verdictsNeeded: 0,
    isEscalated: false,
    verdicts: [],
  };
}

/** As if the decision had not been taken, with the place in its queue and without verdicts, as no bulk job overrules one. */
const asBefore = (state: Case, { round, panelSize }: DataOf<'CaseReopened'>): Case => ({
  ...unreserved(state),
  status: 'open',
  round,
  panelSize,
  verdictsNeeded: 0,
  verdicts: [],
});

const sourceOf = ({ flaggerKind }: { flaggerKind?: string }): string[] =>
  flaggerKind === undefined ? [] : [flaggerKind];

/** What flags name is no mere likeness any more. */
const named = ({ categories, ...sample }: SampleLikeness, labels: readonly string[]): SampleLikeness => ({
  ...sample,
  categories: categories.filter((one) => !labels.includes(one)),
});

function opened({ sample: _, ...state }: Case, data: DataOf<'CaseOpened'>, place: EventPlace): Case {
  const { flaggedBy, categories, confidence = 0, sample } = data;
  const isFlagged = flaggedBy !== undefined;
  return {
    ...newRound(state, data, place),
    ...(sample && { sample }),
    ...(isFlagged ? remembered(state, { ...data, flaggedBy }) : { confidence: Math.max(state.confidence, confidence) }),
    imageId: data.imageId,
    accountId: data.accountId ?? state.accountId,
    origin: data.origin ?? 'flags',
    ...(data.golden && { golden: data.golden }),
    flags: isFlagged ? 1 : 0,
    flaggers: GrowingSet.of(isFlagged ? [flaggedBy] : []),
    // The rules route it as what a user flagged, unless it is like another flag.
    sources: GrowingSet.of(isFlagged ? sourceOf(data) : [sample?.flaggerKind ?? 'user']),
    categories: GrowingSet.of(sample?.categories ?? categories),
  };
}

/** Only our own reviewers claim cases. */
const isClaimants = (claim: Case['claim'], { reviewer, reviewerSource }: DataOf<'VerdictGiven'>): boolean =>
  claim?.reviewer === reviewer && reviewerSource === undefined;

function voted(state: Case, data: DataOf<'VerdictGiven'>): Case {
  const { reviewer, reviewerSource, verdict, clause, withhold, finalAt, panelSize } = data;
  const given: GivenVerdict = {
    reviewer,
    verdict,
    ...(reviewerSource !== undefined && { source: reviewerSource }),
    ...(clause !== undefined && { clause }),
    ...(withhold && { withhold }),
    ...(finalAt !== undefined && { finalAt: Date.parse(finalAt) }),
  };
  return {
    ...state,
    panelSize: panelSize ?? state.panelSize,
    isPanelGiven: state.isPanelGiven || panelSize !== undefined,
    verdicts: [...state.verdicts, given],
  };
}
