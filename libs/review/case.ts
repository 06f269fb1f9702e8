import type { EventPlace, StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import type { CaseEvent } from './events.js';

export type Verdict = 'safe' | 'unsafe' | 'unsure';

/** An image under human review. Flaggers, categories, claim and verdicts are those of the round in force. */
export interface Case {
  status: 'none' | 'open' | 'confirmed' | 'dismissed';
  imageId: string;
  /** The account the image was made for, where it is known. */
  accountId?: string;
  round: number;
  /** Distinct reviewers that decide. */
  panelSize: number;
  flaggers: readonly string[];
  categories: readonly string[];
  /** `until` in epoch milliseconds; a claim ends by itself. */
  claim?: { reviewer: string; until: number };
  verdicts: readonly { reviewer: string; verdict: Verdict }[];
  /** Where the last dismissal stands: flags stored before it were dismissed with it. */
  dismissedAt: Position;
}

export const caseStream: StreamKind<Case, CaseEvent> = {
  category: 'case',
  initial: {
    status: 'none',
    imageId: '',
    round: 0,
    panelSize: 1,
    flaggers: [],
    categories: [],
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
          accountId: state.accountId ?? event.data.accountId,
          flaggers: union(state.flaggers, [event.data.flaggedBy]),
          categories: union(state.categories, event.data.categories),
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
      default:
        return state;
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
  flaggers: [data.flaggedBy],
  categories: data.categories,
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

/** Without repeats, in alphabetical order. */
export const union = (some: readonly string[], more: readonly string[]): string[] =>
  [...new Set([...some, ...more])].sort();
