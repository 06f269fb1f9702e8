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
  /** The number of flags that opened or joined the case. */
  flags: number;
  flaggers: GrowingSet;
  categories: GrowingSet;
  /** `until` in epoch milliseconds; no event marks the end of the lease. */
  claim?: { reviewer: string; until: number };
  verdicts: readonly { reviewer: string; verdict: Verdict }[];
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
    flags: 0,
    flaggers: GrowingSet.empty,
    categories: GrowingSet.empty,
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
        return voted(claim?.reviewer === event.data.reviewer ? unclaimed : state, event.data);
      case 'ReviewConfirmed':
      case 'ReviewDismissed':
        return decided(unclaimed, event, place);
    }
  },
};

type DataOf<Type extends CaseEvent['type']> = Extract<CaseEvent, { type: Type }>['data'];

const opened = (state: Case, data: DataOf<'CaseOpened'>): Case => ({
  ...state,
  status: 'open',
  imageId: data.imageId,
  accountId: data.accountId ?? state.accountId,
  round: data.round,
  panelSize: data.panelSize,
  flags: 1,
  flaggers: GrowingSet.of([data.flaggedBy]),
  categories: GrowingSet.of(data.categories),
  verdicts: [],
});

const voted = (state: Case, { reviewer, verdict, panelSize }: DataOf<'VerdictGiven'>): Case => ({
  ...state,
  panelSize: panelSize ?? state.panelSize,
  verdicts: [...state.verdicts, { reviewer, verdict }],
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
