import { calendarBuckets } from './calendar-buckets.js';

export type CaseStatus = 'open' | 'confirmed' | 'dismissed' | 'model_problem';

/** What counts of an image. Times in epoch milliseconds. */
interface CountedImage {
  generated_at: number | null;
  shared_at: number | null;
  link_shared_at: number | null;
  exposed_at: number | null;
  flagged_at: number | null;
  flag_count: number;
  flags: readonly { categories: readonly string[] }[];
  categories: readonly string[];
  case_status: 'none' | CaseStatus;
  detected: boolean;
  sample_per_million: number | null;
}

/** The prefixes of buckets. */
export const DAY_BUCKETS = 'day:';
export const SAMPLE_BUCKETS = 'sample:';

/**
 * Buckets: `all`, `day:`, `week:`, `category:` and `sample:`. Exposure counts on the day of the first exposure, so that a share of a
 * day's exposed images never exceeds 1; flags and cases count on the day of the first flag. Only flagged images have a
 * category, so its buckets include no `generated`, `shared` and `exposed` of other images.
 */
export function safetyContribution(row: CountedImage): readonly Contribution[] {
  const parts: Contribution[] = [];
  if (row.generated_at !== null) everywhere(parts, row.generated_at, GENERATED);
  if (row.shared_at !== null) everywhere(parts, row.shared_at, SHARED);
  if (row.link_shared_at !== null) everywhere(parts, row.link_shared_at, SHARED_BY_LINK);
  const exposure = row.exposed_at === null ? undefined : exposureOf(row);
  if (exposure) everywhere(parts, row.exposed_at!, exposure);
  if (exposure && row.sample_per_million !== null && !isFlaggedBefore(row)) parts.push(sampleOf(row));
  // A case whose flag has not come yet has no day; it counts once the flag has come.
  if (row.flagged_at === null) return parts;
  const review = reviewOf(row, row.flag_count);
  everywhere(parts, row.flagged_at, review);
  for (const category of row.categories) {
    const flags = row.flags.filter((flag) => flag.categories.includes(category)).length;
    parts.push({ bucket: `category:${category}`, amounts: { ...review, ...exposure, flags } });
  }
  return parts;
}

interface Contribution {
  bucket: string;
  amounts: Record<string, number>;
}

const GENERATED = { generated: 1 };
const SHARED = { shared: 1 };
const SHARED_BY_LINK = { shared_by_link: 1 };
const EXPOSED = { exposed: 1 };

function everywhere(parts: Contribution[], at: number, amounts: Record<string, number>) {
  const [day, week] = calendarBuckets(at);
  parts.push({ bucket: 'all', amounts }, { bucket: day, amounts }, { bucket: week, amounts });
}

const isDecided = ({ case_status }: CountedImage): boolean => case_status !== 'none' && case_status !== 'open';

const isFlaggedBefore = ({ flagged_at, exposed_at }: CountedImage): boolean =>
  flagged_at !== null && exposed_at !== null && flagged_at < exposed_at;

function exposureOf(row: CountedImage): Record<string, number> {
  const { flagged_at, case_status, sample_per_million } = row;
  const isConfirmed = case_status === 'confirmed';
  if (flagged_at === null) {
    const isFound = sample_per_million !== null && isConfirmed;
    return isFound ? { ...EXPOSED, exposed_confirmed_sampled: 1 } : EXPOSED;
  }
  const isBefore = isFlaggedBefore(row);
  return {
    exposed: 1,
    exposed_flagged: 1,
    ...(isDecided(row) && { [`exposed_${case_status}`]: 1 }),
    ...(isBefore && { exposed_flagged_before: 1 }),
    ...(isBefore && isConfirmed && { exposed_confirmed_before: 1 }),
    ...(row.detected && isConfirmed && { exposed_confirmed_detected: 1 }),
  };
}

/** In the frame of the sample, which is by what was known when an image was first exposed. */
function sampleOf(row: CountedImage): Contribution {
  const [day] = calendarBuckets(row.exposed_at!);
  const amounts = {
    sampled: 1,
    ...(isDecided(row) && { sampled_decided: 1 }),
    ...(row.case_status === 'confirmed' && { sampled_confirmed: 1 }),
  };
  return { bucket: `${SAMPLE_BUCKETS}${day.slice(DAY_BUCKETS.length)}:${row.sample_per_million}`, amounts };
}

function reviewOf({ case_status }: CountedImage, flags: number): Record<string, number> {
  const counts = { flags, flagged: 1 };
  return case_status === 'none' ? counts : { ...counts, [`cases_${case_status}`]: 1 };
}
