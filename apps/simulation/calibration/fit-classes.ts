import { number } from '../../../libs/cli/rendering/table.js';
import { counted } from '../../../libs/kernel/counted.js';
import type { CalibrationAnswer } from '../../../libs/rollout/index.js';
import { exactInterval } from '../../../libs/safety/index.js';
import { sumOf } from '../sum-of.js';
import type { Activity } from './activity.js';
import {
  type EffectiveCounts,
  type Estimate,
  effectiveCounts,
  imageRate,
  pooledShare,
  shrunkShare,
} from './estimates.js';

const DAYS_A_WEEK = 7;
const HALF = 0.5;

interface Based extends Estimate {
  basis: string;
}

interface FittedBehaviour {
  class: string;
  share: Based;
  imagesPerWeek: Based;
  sharedShare: Based;
  downloadedShare: Based;
  violationRate: Based;
}

const NO_USE = {
  accounts: 0,
  images: 0,
  imagesSquared: 0,
  shared: 0,
  sharedSquared: 0,
  sharedProduct: 0,
  downloaded: 0,
  downloadedSquared: 0,
  downloadedProduct: 0,
};
const NO_EXPOSURE = {
  accounts: 0,
  exposed: 0,
  exposedSquared: 0,
  confirmed: 0,
  confirmedSquared: 0,
  confirmedProduct: 0,
  dismissed: 0,
  dismissedSquared: 0,
  dismissedProduct: 0,
  pending: 0,
};

/**
 * How each class behaves. What waits for a decision counts by the share of confirmed decisions.
 * @param recall the share of violations that are ever found
 */
export function fitClasses(
  { joins, stays, generated, uses, exposures }: CalibrationAnswer,
  classes: readonly string[],
  activity: readonly Activity[],
  recall: number,
): { behaviours: FittedBehaviour[]; falseAlarms: Based } {
  const each = classes.map((name) => ({
    ...{
      name,
      joined: sumOf(
        joins.filter((one) => one.class === name),
        (one) => one.people,
      ),
    },
    uses: uses.find((one) => one.class === name) ?? NO_USE,
    exposures: exposures.find((one) => one.class === name) ?? NO_EXPOSURE,
    images: sumOf(
      generated.filter((one) => one.class === name),
      (one) => one.images,
    ),
    // As many weeks of mean activity.
    weeks: sumOf(
      stays.filter((one) => one.class === name),
      ({ week, personDays }) => (personDays / DAYS_A_WEEK) * activity[Math.min(week, activity.length - 1)]!.value,
    ),
  }));
  const decisions = each.map(({ exposures: { confirmed, dismissed } }) => ({
    hits: confirmed,
    of: confirmed + dismissed,
  }));
  const confirmedOfDecided = decisions.map((one) => shrunkShare(one, pooledShare(decisions)).value);
  const useOf = (part: 'shared' | 'downloaded') =>
    each.map(({ uses: one }) =>
      effectiveCounts({
        ...{
          accounts: one.accounts,
          part: one[part],
          partSquared: one[`${part}Squared`],
          product: one[`${part}Product`],
        },
        ...{ all: one.images, allSquared: one.imagesSquared },
      }),
    );
  const findingOf = (part: 'confirmed' | 'dismissed', ofPending: readonly number[]) =>
    each.map(({ exposures: one }, n) =>
      withPending(
        effectiveCounts({
          ...{ accounts: one.accounts, part: one[part], partSquared: one[`${part}Squared`] },
          ...{ product: one[`${part}Product`], all: one.exposed, allSquared: one.exposedSquared },
        }),
        one.exposed,
        one.pending * ofPending[n]!,
      ),
    );
  const [shared, downloaded] = [useOf('shared'), useOf('downloaded')];
  const violating = findingOf('confirmed', confirmedOfDecided);
  const falseAlarms = findingOf(
    'dismissed',
    confirmedOfDecided.map((one) => 1 - one),
  );
  const pooled = {
    shared: pooledShare(shared),
    downloaded: pooledShare(downloaded),
    violating: pooledShare(violating),
  };
  const joined = sumOf(each, (one) => one.joined) + HALF * each.length;
  const all = { images: sumOf(each, (one) => one.images), weeks: sumOf(each, (one) => one.weeks) };
  const behaviours = each.map((one, n): FittedBehaviour => {
    const ofImages = `${counted(one.uses.images, 'image')} of ${counted(one.uses.accounts, 'account')}`;
    const found = shrunkShare(violating[n]!, pooled.violating);
    const { confirmed, exposed, pending } = one.exposures;
    const [sharedShare, downloadedShare] = [
      shrunkShare(shared[n]!, pooled.shared),
      shrunkShare(downloaded[n]!, pooled.downloaded),
    ];
    return {
      class: one.name,
      share: {
        value: (one.joined + HALF) / joined,
        ...exactInterval(one.joined + HALF, joined),
        basis: `${counted(one.joined, 'person', 'people')} who joined`,
      },
      imagesPerWeek: {
        // A week more of somebody as active as all are.
        ...imageRate(one.images + all.images / all.weeks, one.weeks + 1, one.uses),
        basis: `${counted(one.images, 'image')} in ${weeksOfPeople(one.weeks)}`,
      },
      sharedShare: { ...sharedShare, basis: ofImages },
      downloadedShare: {
        ...downloadedShare,
        value: Math.min(downloadedShare.value, 1 - sharedShare.value),
        basis: ofImages,
      },
      violationRate: {
        ...{ value: upTo1(found.value / recall), low: upTo1(found.low / recall), high: upTo1(found.high / recall) },
        basis: `${number(confirmed)} confirmed and ${number(pending)} waiting of ${counted(exposed, 'exposed image')}`,
      },
    };
  });
  // Of images that violate nothing.
  const others = Math.max(HALF, 1 - pooled.violating / recall);
  const alarms = { hits: sumOf(falseAlarms, ({ hits }) => hits), of: sumOf(falseAlarms, ({ of }) => of * others) };
  const dismissed = sumOf(each, (one) => one.exposures.dismissed);
  return {
    behaviours,
    falseAlarms: {
      ...shrunkShare(alarms, pooledShare([alarms])),
      basis: `${number(dismissed)} dismissed of ${counted(
        sumOf(each, (one) => one.exposures.exposed),
        'exposed image',
      )}`,
    },
  };
}

/** Few of them with two digits. */
const weeksOfPeople = (weeks: number): string =>
  `${counted(weeks < 10 ? Number(weeks.toPrecision(2)) : Math.round(weeks), 'week')} of people`;

const upTo1 = (value: number): number => Math.min(1, value);

/** @param exposed the images of the counts, as they were before the design effect */
const withPending = ({ hits, of }: EffectiveCounts, exposed: number, pending: number): EffectiveCounts => ({
  ...{ hits: hits + (exposed === 0 ? 0 : (pending * of) / exposed), of },
});
