import type { CaseEntry } from '../../../../libs/review/queries/case-entry.js';
import { type FlakyReviewers, lot } from './flaky-reviewers.js';
import type { FlaggedImage } from './large-preview.js';

/** A confirmed violation strikes; with so many strikes the account is suspended, and with so many deactivated. */
export interface KnownLadder {
  suspend?: number;
  deactivate: number;
}

/** The ladder of each half: the second is stricter. */
export const LADDERS: readonly [KnownLadder, KnownLadder] = [{ suspend: 2, deactivate: 3 }, { deactivate: 2 }];
const SUSPENDED_DAYS = 7;
/** The part of the measures against which somebody appeals, and the part of the appeals that are granted. */
const APPEALED = 0.3;
const GRANTED = 0.4;

/** The ladder as the API takes it. */
export const ladderEntries = ({ suspend, deactivate }: KnownLadder) => [
  {
    strikeDays: 90,
    steps: [
      { strikes: 1, measure: 'strike' },
      ...(suspend === undefined ? [] : [{ strikes: suspend, measure: 'suspend', days: SUSPENDED_DAYS }]),
      { strikes: deactivate, measure: 'deactivate' },
    ],
  },
];

/** The outcome that the verdicts of these reviewers must have led to. */
export function outcomeOf(
  { verdicts, round }: Pick<CaseEntry, 'verdicts' | 'round'>,
  image: FlaggedImage,
  reviewers: FlakyReviewers,
): 'confirmed' | 'dismissed' {
  const opinions = verdicts.map(({ reviewer }) => reviewers.opinionOf(image, reviewer, round).verdict);
  const counted = opinions.filter((one) => one !== 'unsure');
  return counted.filter((one) => one === 'unsafe').length * 2 > counted.length ? 'confirmed' : 'dismissed';
}

/** How many verdicts are not what a reviewer without fault says: as the reviewers think of the images, and as the cases have it. */
export function errorsIn(
  cases: readonly Pick<CaseEntry, 'caseId' | 'verdicts' | 'round'>[],
  images: ReadonlyMap<string, FlaggedImage>,
  reviewers: FlakyReviewers,
): { expected: number; found: number } {
  const count = { expected: 0, found: 0 };
  for (const { caseId, round, verdicts } of cases) {
    const image = images.get(caseId)!;
    const errs = (verdict: string) => (verdict !== 'unsure' && verdict !== image.truth ? 1 : 0);
    for (const { reviewer, verdict } of verdicts) {
      count.expected += errs(reviewers.opinionOf(image, reviewer, round).verdict);
      count.found += errs(verdict);
    }
  }
  return count;
}

export type Measure = 'strike' | 'suspend' | 'deactivate';

export interface Confirmation {
  caseId: string;
  accountId: string;
  ladder: KnownLadder;
}

/** The measure of each confirmation, in the order of the log. */
export function measuresOf(confirmations: readonly Confirmation[]): Map<string, Measure> {
  const strikes = new Map<string, number>();
  const measures = new Map<string, Measure>();
  for (const { caseId, accountId, ladder } of confirmations) {
    const count = (strikes.get(accountId) ?? 0) + 1;
    strikes.set(accountId, count);
    measures.set(caseId, measureAt(ladder, count));
  }
  return measures;
}

function measureAt({ suspend, deactivate }: KnownLadder, strikes: number): Measure {
  if (strikes >= deactivate) return 'deactivate';
  return suspend !== undefined && strikes >= suspend ? 'suspend' : 'strike';
}

/** Of an appeal against the measure of a case: undefined if nobody appeals. */
export function appealOf(seed: number, { place }: FlaggedImage): 'granted' | 'denied' | undefined {
  if (lot(seed, 'appeal', place) >= APPEALED) return undefined;
  return lot(seed, 'granted', place) < GRANTED ? 'granted' : 'denied';
}

/** Why the accounts may not generate images, those that may left out. */
export function deniedAccounts(
  confirmations: readonly Confirmation[],
  measures: ReadonlyMap<string, Measure>,
  isGranted: (caseId: string) => boolean,
): Map<string, 'account-deactivated' | 'account-suspended'> {
  const denied = new Map<string, 'account-deactivated' | 'account-suspended'>();
  for (const { caseId, accountId } of confirmations) {
    const measure = measures.get(caseId);
    if (isGranted(caseId) || measure === 'strike') continue;
    if (measure === 'deactivate') denied.set(accountId, 'account-deactivated');
    else if (!denied.has(accountId)) denied.set(accountId, 'account-suspended');
  }
  return denied;
}
