import type { Position } from '../kernel/envelope.js';
import { type Case, categoryOf, subjectsOf } from './case.js';
import type { CaseEvent } from './events.js';
import type { FLAG_SOURCES } from './flagging-events.js';

type FlagSource = (typeof FLAG_SOURCES)[number];

/**
 * Maximum flags in a round: another would not help the reviewer, and every flag makes the case longer to read. Flaggers
 * beyond it are noted in streams of their own.
 */
export const MAX_FLAGS = 200;

export interface OpenCase {
  imageId: string;
  /** The account that generated the image, if it was reported. */
  accountId?: string;
  /** The id of the flag's event. */
  flagId: string;
  flaggedBy: string;
  flaggerKind?: FlagSource;
  categories: readonly string[];
  /** How sure the flagger is, from 0 to 1. */
  confidence?: number | undefined;
  /** Whether the flagger wrote a comment. */
  hasComment?: boolean;
  /** RFC 3339. */
  flaggedAt: string;
  /** The position of the flag's event. */
  position: Position;
  panelSize: number;
  /** How much more confident than all earlier flags a repeated one must be to reopen a dismissed case or to join an open one. */
  confidenceStep: number;
  /** Whether few flags of the flagger were confirmed: then that they are new to a category says nothing. */
  hasPoorRecord?: boolean;
}

export type OpeningSettings = Pick<OpenCase, 'panelSize' | 'confidenceStep'>;

export const openingSettings = (of: { reviewPanel: number; reopenConfidencePercent: number }): OpeningSettings => ({
  panelSize: of.reviewPanel,
  confidenceStep: of.reopenConfidencePercent / 100,
});

/**
 * A flag opens a case or joins an open one. It opens the next round of a case that was dismissed, or found to be a problem of
 * the model, if it was stored after that decision and says something new (see `saysMore`). A no-op if the case is confirmed or golden,
 * and for an open case with MAX_FLAGS flags, or if neither its flagger nor one of its categories is new there and its confidence
 * is not higher by the step than that of all earlier flags.
 */
export function openCase(state: Case, { position, panelSize, confidenceStep, ...flag }: OpenCase): CaseEvent[] {
  if (state.status === 'confirmed' || state.origin === 'golden' || position <= state.closedAt) return [];
  if (state.round > 0 && state.status !== 'open' && !saysMore(state, flag, confidenceStep)) return [];
  const { imageId, accountId, flagId, flaggedBy, flaggedAt, confidence, hasComment } = flag;
  const categories = [...new Set(flag.categories)].sort();
  const owner = accountId === undefined ? {} : { accountId };
  const details = {
    ...(confidence !== undefined && { confidence }),
    ...(flag.flaggerKind !== undefined && { flaggerKind: flag.flaggerKind }),
    ...(hasComment !== undefined && { hasComment }),
  };
  if (state.status === 'open') {
    const isNew =
      !state.flaggers.has(flaggedBy) ||
      categories.some((label) => !state.categories.has(label) || state.sample?.categories.includes(label)) ||
      isSurer(state, flag, confidenceStep);
    if (!isNew || state.flags >= MAX_FLAGS) return [];
    return [{ type: 'CaseJoined', data: { caseId: imageId, ...owner, flagId, flaggedBy, categories, ...details } }];
  }
  const round = state.round + 1;
  return [
    {
      type: 'CaseOpened',
      data: {
        caseId: imageId,
        imageId,
        ...owner,
        round,
        panelSize,
        flagId,
        flaggedBy,
        categories,
        ...details,
        flaggedAt,
      },
    },
  ];
}

/** Confidences are compared in thousandths: sums of decimal fractions are not exact. */
const THOUSAND = 1_000;

/**
 * True for a category that is new, a flagger who is new to it and has no poor record, or a confidence that is higher by the
 * step.
 */
function saysMore(
  state: Case,
  flag: Pick<OpenCase, 'flaggedBy' | 'categories' | 'confidence' | 'hasPoorRecord'>,
  confidenceStep: number,
): boolean {
  if (isSurer(state, flag, confidenceStep)) return true;
  const subjects = subjectsOf(flag);
  if (!flag.hasPoorRecord) return subjects.some((subject) => !state.flagged.has(subject));
  const known = new Set([...state.flagged].map(categoryOf));
  return subjects.some((subject) => !known.has(categoryOf(subject)));
}

/** Few flags are: after each, the next must be higher by the step again. */
const isSurer = (state: Case, { confidence = 0 }: Pick<OpenCase, 'confidence'>, confidenceStep: number): boolean =>
  Math.round((confidence - state.confidence) * THOUSAND) >= Math.round(confidenceStep * THOUSAND);

/** Whether only a flag that says something new has any effect on the case: then the flagger's record matters. */
export const isCleared = ({ status }: Case): boolean => !['none', 'open', 'confirmed'].includes(status);
