import type { EventPlace, StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { type CaseEvent, caseEvents, type VERDICTS } from './events.js';
import type { GoldenAnswer, SampleLikeness, UNFLAGGED_ORIGINS } from './golden-events.js';
import { GrowingSet } from './growing-set.js';

export type Verdict = (typeof VERDICTS)[number];

/** Why a round was opened. Reviewers may not know; to them every round looks like one that a flag opened. */
export type Origin = 'flags' | (typeof UNFLAGGED_ORIGINS)[number];

/** An image under human review. Flags, flaggers, categories, claim and verdicts are those of the current round. */
export interface Case {
  status: 'none' | 'open' | Closed;
  imageId: string;
  /** The account that generated the image, as last reported in the case; the image's own record takes precedence. */
  accountId?: string;
  round: number;
  origin: Origin;
  /** The right answer, if it is a golden one. */
  golden?: GoldenAnswer;
  /** Of a case of the random sample: which of its categories no flag has named, and its queue. */
  sample?: SampleLikeness;
  /** Of a decided golden case: whether its image is shown as withheld. */
  isShownWithheld?: boolean;
  /** When the round began, in epoch milliseconds. */
  openedAt: number;
  /** Absent for a case that was opened before there were queues. */
  route?: Route;
  /** The number of distinct reviewers whose verdicts decide. */
  panelSize: number;
  /** Whether an outside review tool gave the panel: then every verdict of it counts, also `unsure`. */
  isPanelGiven: boolean;
  /** The number of verdicts that decide the round if that is more than the panel, hidden from reviewers before their own; else 0. */
  verdictsNeeded: number;
  /** The number of flags that opened or joined the case. */
  flags: number;
  /** The position of the last of them, or of the beginning of the round. */
  grewAt: Position;
  flaggers: GrowingSet;
  /** The kinds of the flaggers, of those that say so. */
  sources: GrowingSet;
  categories: GrowingSet;
  /** Who flagged the image in any round. */
  everFlagged: GrowingSet;
  /** What the flags of every round were about: see `subjectsOf`. */
  flagged: GrowingSet;
  /** The highest confidence of the flags of every round; 0 if none had one. */
  confidence: number;
  /** The number of claims in every round, which is the fencing token of the last one. */
  claims: number;
  claim?: Claim;
  /** Held by this reviewer, or handed over to them: nobody else may claim it until then, in epoch milliseconds. */
  reserved?: { reviewer: string; until: number };
  /** Only leads may claim it. */
  isEscalated: boolean;
  verdicts: readonly GivenVerdict[];
  /** The clause that the confirmation names, if it is confirmed. */
  clause?: string;
  /** The position of the last decision that is no confirmation: flags stored before it were judged with it. */
  closedAt: Position;
}

/** The place of a case among those that wait. */
export interface Route {
  queue: string;
  priority: number;
  /** Its place in the queue, in epoch milliseconds: the earliest is the next. */
  dueAt: number;
  /** The version of the queue rules that routed it. */
  rulesVersion: number;
  /** Somebody moved it there: the rules leave it in that queue for the round. */
  isMoved: boolean;
}

/** `overturned`: it was confirmed, and an appeal was granted. */
export type Closed = 'confirmed' | 'dismissed' | 'model-problem' | 'overturned';

/** `until` in epoch milliseconds; no event marks the end of the lease. A verdict and a release end the claim. */
export interface Claim {
  reviewer: string;
  until: number;
  token: number;
}

export interface GivenVerdict {
  reviewer: string;
  /** The system of a reviewer who is not ours. */
  source?: string;
  verdict: Verdict;
  clause?: string;
  /** Of a `model-problem`: whether the image is to be withheld. */
  withhold?: true;
  /** Until when it can be taken back, in epoch milliseconds; absent if it can't. */
  finalAt?: number;
}

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
  evolve(state, event, place) {
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
        return newRound(state, event.data, place);
      case 'VerdictGiven':
        return voted(isClaimants(state.claim, event.data) ? unreserved(state) : state, event.data);
      case 'VerdictWithdrawn':
        return { ...state, verdicts: state.verdicts.filter((one) => !isOurs(one, event.data.reviewer)) };
      case 'FurtherReviewRequired':
        return { ...state, verdictsNeeded: event.data.verdicts };
      case 'ReviewConfirmed':
        return { ...decided(state, 'confirmed', event.data, place), ...clauseOf(event.data) };
      case 'ReviewDismissed':
        return decided(state, 'dismissed', event.data, place);
      case 'ModelProblemFound':
        return decided(state, 'model-problem', event.data, place);
      case 'ReviewOverturned':
        return decided(state, 'overturned', event.data, place);
      case 'ReviewAmended':
        return { ...state, clause: event.data.clause };
      case 'GoldenCaseAnswered':
        return answered(state, event.data, place);
      case 'GoldenCaseWithdrawn':
        return decided(state, 'dismissed', {}, place);
    }
  },
};

type DataOf<Type extends CaseEvent['type']> = Extract<CaseEvent, { type: Type }>['data'];

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

/** Without claim and reservation. */
function unreserved({ claim: _claim, reserved: _reserved, ...state }: Case): Case {
  return state;
}

const reservedFor = (state: Case, { reviewer, until }: { reviewer: string; until: string }): Case => ({
  ...unreserved(state),
  reserved: { reviewer, until: Date.parse(until) },
});

function routed(state: Case, data: DataOf<'CaseRouted'>): Case {
  const { queue, priority, rulesVersion, panelSize = state.panelSize } = data;
  const isMoved = state.route?.isMoved === true && state.route.queue === queue;
  return { ...state, panelSize, route: { queue, priority, dueAt: Date.parse(data.dueAt), rulesVersion, isMoved } };
}

function moved(state: Case, { queue }: DataOf<'CaseMoved'>): Case {
  const { route = { priority: 0, dueAt: state.openedAt, rulesVersion: 0 } } = state;
  return { ...unreserved(state), isEscalated: false, route: { ...route, queue, isMoved: true } };
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
    // The rules route it as what a user flagged.
    sources: GrowingSet.of(isFlagged ? sourceOf(data) : ['user']),
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

const clauseOf = ({ clause }: { clause?: string }) => (clause === undefined ? {} : { clause });

function decided(state: Case, status: Closed, { accountId }: { accountId?: string }, { position }: EventPlace): Case {
  const { clause: _, ...rest } = unreserved(state);
  return {
    ...rest,
    status,
    accountId: accountId ?? state.accountId,
    closedAt: status === 'confirmed' ? state.closedAt : position,
  };
}

/** As any decided case, for readers who may not know that it is golden. */
const answered = (state: Case, data: DataOf<'GoldenCaseAnswered'>, place: EventPlace): Case => ({
  ...decided(state, data.outcome, {}, place),
  ...(data.outcome === 'confirmed' && clauseOf(data)),
  isShownWithheld: data.outcome === 'confirmed' || data.withhold === true,
});
