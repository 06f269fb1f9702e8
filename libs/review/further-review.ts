import type { Case, GivenVerdict } from './case.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';

/** The range of the first eight digits of a hash in hex. */
const RANGE = 2 ** 32;

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
 * the setting says so; and for a third if the two disagree, also if an outside reviewer gave the second. Verdicts of outside reviewers and larger
 * panels, which have several reviewers anyway, require none.
 * @param counted the verdicts that would decide the case
 */
export function requireFurtherReview(
  state: Case,
  caseId: string,
  counted: readonly GivenVerdict[],
  { furtherReview }: CaseFacts,
): CaseEvent[] {
  const { round, panelSize, verdictsNeeded } = state;
  const isExempt = panelSize > 1 || counted.some(({ source }) => source !== undefined);
  if (counted.length === 0 || (verdictsNeeded === 0 && isExempt)) return [];
  const require = (verdicts: number, because: Because): CaseEvent[] => [
    { type: 'FurtherReviewRequired', data: { caseId, round, verdicts, because } },
  ];
  if (verdictsNeeded === 2 && counted.length === 2) return isUnanimous(counted) ? [] : require(3, 'disagreement');
  if (verdictsNeeded > 0 || !furtherReview) return [];
  if (furtherReview.isSampled) return require(2, 'sample');
  const [{ verdict, clause }] = counted as [GivenVerdict];
  return verdict === 'unsafe' && furtherReview.deactivates(clause) ? require(2, 'deactivation') : [];
}

type Because = Extract<CaseEvent, { type: 'FurtherReviewRequired' }>['data']['because'];

const isUnanimous = ([first, ...others]: readonly GivenVerdict[]): boolean =>
  others.every(({ verdict }) => verdict === first!.verdict);
