import { calendarBuckets } from './calendar-buckets.js';
import type { SafetyImageRow } from './safety-image-row.js';

/**
 * Buckets: `all`, `day:`, `week:` and `category:`. Exposure counts on the day of the first exposure, so that a share of a
 * day's exposed images never exceeds 1; flags and cases count on the day of the first flag. Only flagged images have a
 * category, so its buckets include no `generated`, `shared` and `exposed` of other images.
 */
export function safetyContribution(row: SafetyImageRow): readonly Contribution[] {
  const parts: Contribution[] = [];
  if (row.generated_at !== null) everywhere(parts, row.generated_at, GENERATED);
  if (row.shared_at !== null) everywhere(parts, row.shared_at, SHARED);
  const exposure = row.exposed_at === null ? undefined : exposureOf(row);
  if (exposure) everywhere(parts, row.exposed_at!, exposure);
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
const EXPOSED = { exposed: 1 };

function everywhere(parts: Contribution[], at: number, amounts: Record<string, number>) {
  const [day, week] = calendarBuckets(at);
  parts.push({ bucket: 'all', amounts }, { bucket: day, amounts }, { bucket: week, amounts });
}

function exposureOf({ flagged_at, case_status }: SafetyImageRow): Record<string, number> {
  if (flagged_at === null) return EXPOSED;
  return { exposed: 1, exposed_flagged: 1, ...(case_status === 'confirmed' && { exposed_confirmed: 1 }) };
}

function reviewOf({ case_status }: SafetyImageRow, flags: number): Record<string, number> {
  const counts = { flags, flagged: 1 };
  return case_status === 'none' ? counts : { ...counts, [`cases_${case_status}`]: 1 };
}
