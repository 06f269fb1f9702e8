import type { EventPlace, StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { type CaseEvent, caseEvents } from './events.js';
import { GrowingSet } from './growing-set.js';

export type Verdict = 'safe' | 'unsafe' | 'unsure';

/** An image under human review. Flags, flaggers, categories, claim and verdicts are those of the current round. */
export interface Case {
  status: 'none' | 'open' | 'confirmed' | 'dismissed';
  imageId: string;
  /** The account that generated the image, as last reported in the case; the image's own record takes precedence. */
  accountId?: string;
  round: number;
  /** The number of distinct reviewers whose verdicts decide. */
  panelSize: number;
  /** Whether an outside review tool gave the panel: then every verdict of it counts, also `unsure`. */
  isPanelGiven: boolean;
  /** The number of flags that opened or joined the case. */
  flags: number;
  flaggers: GrowingSet;
  categories: GrowingSet;
  /** Who flagged the image in any round. */
  everFlagged: GrowingSet;
  /** What the flags of every round were about: see `subjectsOf`. */
  flagged: GrowingSet;
  /** The highest confidence of the flags of every round; 0 if none had one. */
  confidence: number;
  /** `until` in epoch milliseconds; no event marks the end of the lease. */
  claim?: { reviewer: string; until: number };
  /** `source` is the system of a reviewer who is not ours. */
  verdicts: readonly { reviewer: string; source?: string; verdict: Verdict }[];
  /** The position of the last dismissal: flags stored before it were dismissed with it. */
  dismissedAt: Position;
}

export const caseStream: StreamKind<Case, CaseEvent> = {
  category: 'case',
  events: caseEvents,
  initial: {
    status: 'none',
    imageId: '',
    round: 0,
    panelSize: 1,
    isPanelGiven: false,
    flags: 0,
    flaggers: GrowingSet.empty,
    categories: GrowingSet.empty,
    everFlagged: GrowingSet.empty,
    flagged: GrowingSet.empty,
    confidence: 0,
    verdicts: [],
    dismissedAt: 0,
  },
  evolve(state, event, place) {
    const { claim, ...unclaimed } = state;
    switch (event.type) {
      case 'CaseOpened':
        return opened(unclaimed, event.data);
      case 'CaseJoined':
        return {
          ...state,
          ...remembered(state, event.data),
          accountId: event.data.accountId ?? state.accountId,
          flags: state.flags + 1,
          flaggers: state.flaggers.with([event.data.flaggedBy]),
          categories: state.categories.with(event.data.categories),
        };
      case 'CaseClaimed':
        return { ...state, claim: { reviewer: event.data.reviewer, until: Date.parse(event.data.until) } };
      case 'CaseReleased':
        return unclaimed;
      case 'VerdictGiven':
        return voted(isClaimants(claim, event.data) ? unclaimed : state, event.data);
      case 'ReviewConfirmed':
      case 'ReviewDismissed':
        return decided(unclaimed, event, place);
    }
  },
};

type DataOf<Type extends CaseEvent['type']> = Extract<CaseEvent, { type: Type }>['data'];

type Flag = Pick<DataOf<'CaseJoined'>, 'flaggedBy' | 'categories' | 'confidence'>;

/** What a flag is about: its flagger with each category, or with none. */
export const subjectsOf = ({ flaggedBy, categories }: { flaggedBy: string; categories: readonly string[] }): string[] =>
  (categories.length > 0 ? categories : ['']).map((category) => `${category}\n${flaggedBy}`);

const remembered = (state: Case, flag: Flag): Pick<Case, 'everFlagged' | 'flagged' | 'confidence'> => ({
  everFlagged: state.everFlagged.with([flag.flaggedBy]),
  flagged: state.flagged.with(subjectsOf(flag)),
  confidence: Math.max(state.confidence, flag.confidence ?? 0),
});

const opened = (state: Case, data: DataOf<'CaseOpened'>): Case => ({
  ...state,
  ...remembered(state, data),
  status: 'open',
  imageId: data.imageId,
  accountId: data.accountId ?? state.accountId,
  round: data.round,
  panelSize: data.panelSize,
  isPanelGiven: false,
  flags: 1,
  flaggers: GrowingSet.of([data.flaggedBy]),
  categories: GrowingSet.of(data.categories),
  verdicts: [],
});

/** Only our own reviewers claim cases. */
const isClaimants = (claim: Case['claim'], { reviewer, reviewerSource }: DataOf<'VerdictGiven'>): boolean =>
  claim?.reviewer === reviewer && reviewerSource === undefined;

const voted = (state: Case, { reviewer, reviewerSource, verdict, panelSize }: DataOf<'VerdictGiven'>): Case => ({
  ...state,
  panelSize: panelSize ?? state.panelSize,
  isPanelGiven: state.isPanelGiven || panelSize !== undefined,
  verdicts: [
    ...state.verdicts,
    { reviewer, verdict, ...(reviewerSource === undefined ? {} : { source: reviewerSource }) },
  ],
});

function decided(
  state: Case,
  { type, data }: CaseEvent & { type: 'ReviewConfirmed' | 'ReviewDismissed' },
  place: EventPlace,
): Case {
  const accountId = data.accountId ?? state.accountId;
  return type === 'ReviewConfirmed'
    ? { ...state, accountId, status: 'confirmed' }
    : { ...state, accountId, status: 'dismissed', dismissedAt: place.position };
}
