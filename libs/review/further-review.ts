import type { Case, GivenVerdict } from './case.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';

/** The range of the first eight digits of a hash in hex. */
const RANGE = 2 ** 32;

/** From 0 up to 1. @param hash in hex */
export const fractionOf = (hash: string): number => Number.parseInt(hash.slice(0, 8), 16) / RANGE;

/**
 * Whether a case is in a sample: as often as the share says, and of two shares the larger has all of the smaller. Nobody can
 * tell without the key of the hash.
 * @param hash in hex, keyed, of the case and its round
 * @param percent of all cases
 */
export const isInSample = (hash: string, percent: number): boolean =>
  Number.parseInt(hash.slice(0, 8), 16) < (percent / 100) * RANGE;

/**
 * Asks for a second verdict on a case of a single reviewer if it is in the sample, or if it would deactivate the account and
 * the setting says so; and for one more if an even number of verdicts is tied, also if an outside reviewer gave one of them.
 * Verdicts of outside reviewers and larger panels, which have several reviewers anyway, require no second one, and a panel
 * that an outside tool gave decides by its own rule.
 * @param counted the verdicts that would decide the case
 */
export function requireFurtherReview(
  state: Case,
  caseId: string,
  counted: readonly GivenVerdict[],
  { furtherReview }: CaseFacts,
): CaseEvent[] {
  const { round, panelSize, verdictsNeeded } = state;
  const require = (verdicts: number, because: Because): CaseEvent[] => [
    { type: 'FurtherReviewRequired', data: { caseId, round, verdicts, because } },
  ];
  if (isOursToBreak(state) && isTied(counted)) return require(counted.length + 1, 'disagreement');
  const isExempt = panelSize > 1 || counted.some(({ source }) => source !== undefined);
  if (counted.length === 0 || verdictsNeeded > 0 || isExempt || !furtherReview) return [];
  if (furtherReview.isSampled) return require(2, 'sample');
  const [{ verdict, clause }] = counted as [GivenVerdict];
  return verdict === 'unsafe' && furtherReview.deactivates(clause) ? require(2, 'deactivation') : [];
}

type Because = Extract<CaseEvent, { type: 'FurtherReviewRequired' }>['data']['because'];

/** A second review that we asked for is ours, whatever panel comes with an outside verdict after it. */
const isOursToBreak = ({ isPanelGiven, panelSize, verdictsNeeded }: Case): boolean =>
  !isPanelGiven || (verdictsNeeded === 2 && panelSize <= 2);

/** Whether an even number of verdicts has no kind that most of them are, and another verdict could decide. */
function isTied(counted: readonly GivenVerdict[]): boolean {
  if (counted.length === 0 || counted.length % 2 > 0) return false;
  const numbers = new Map<string, number>();
  for (const { verdict } of counted) numbers.set(verdict, (numbers.get(verdict) ?? 0) + 1);
  const [most = 0, second = 0] = [...numbers.values()].sort((a, b) => b - a);
  return most === second;
}
