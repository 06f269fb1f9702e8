import type { CalibrationAnswer } from '../../../libs/rollout/index.js';
import { Z_95 } from '../../../libs/safety/index.js';
import { sumOf } from '../sum-of.js';
import { type Estimate } from './estimates.js';

/** Images of a week of stays; weeks with fewer count with their neighbour. */
const LEAST_IMAGES = 200;
const DAYS_A_WEEK = 7;

export interface Activity extends Estimate {
  images: number;
  /** Weeks of people. */
  weeks: number;
}

/** How many images people generate in the first, second, … week of their stay, as multiples of the mean of all weeks. */
export function activityByWeek({ generated, stays }: Pick<CalibrationAnswer, 'generated' | 'stays'>): Activity[] {
  const longest = Math.max(0, ...stays.map(({ week }) => week));
  const each = Array.from({ length: longest + 1 }, (_, n) => ({
    images: sumOf(
      generated.filter(({ week }) => week === n),
      ({ images }) => images,
    ),
    weeks:
      sumOf(
        stays.filter(({ week }) => week === n),
        ({ personDays }) => personDays,
      ) / DAYS_A_WEEK,
  }));
  const mean = sumOf(each, ({ images }) => images) / sumOf(each, ({ weeks }) => weeks);
  const groups: (typeof each)[] = [[]];
  for (const one of each) {
    const last = groups.at(-1)!;
    if (sumOf(last, ({ images }) => images) < LEAST_IMAGES) last.push(one);
    else groups.push([one]);
  }
  // The last one may have too few.
  if (groups.length > 1 && sumOf(groups.at(-1)!, ({ images }) => images) < LEAST_IMAGES) {
    const last = groups.pop()!;
    groups.at(-1)!.push(...last);
  }
  const activities = groups.flatMap((group) => {
    const [images, weeks] = [sumOf(group, (one) => one.images), sumOf(group, (one) => one.weeks)];
    const value = weeks === 0 ? 0 : images / weeks / mean;
    const reach = images === 0 ? 0 : (value * Z_95) / Math.sqrt(images);
    return group.map(() => ({ value, low: Math.max(0, value - reach), high: value + reach, images, weeks }));
  });
  return withoutTail(activities);
}

/** The last value holds from then on. */
function withoutTail(activities: Activity[]): Activity[] {
  const last = activities.at(-1)!;
  const first = activities.findIndex(({ value }, n) => activities.slice(n).every((one) => one.value === value));
  return [...activities.slice(0, first), last];
}
