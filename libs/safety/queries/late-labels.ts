import { DAY_MS, toIso } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { CONFIRMED, type EvidencePeriod, type LateLabels, type Rows, SUSPECTS } from './evidence-sources.js';

/** Exposures are followed for so many times the delay of labels: of younger ones the late labels have not come yet. */
const FOLLOWED_DELAYS = 3;
const LEAST_DELAY_MS = DAY_MS;

/** Followed for so long, an exposure shows whether its label was late. @returns milliseconds */
const followedMs = (labelDelayMs: number): number => FOLLOWED_DELAYS * Math.max(labelDelayMs, LEAST_DELAY_MS);

/** `$1` and `$2`: after and up to which position; `$3`: when the last followed exposure was stored; `$4`: the delay in milliseconds. */
const LATE = `SELECT count(*)::float8 AS violations, (count(*) FILTER (WHERE
      greatest(i.labelled_stored_at, i.round_stored_at) > i.exposed_stored_at + $4::float8 * interval '1 millisecond'))::float8 AS late
  FROM ${SUSPECTS} i
  WHERE i.exposed_position > $1 AND i.exposed_position <= $2 AND i.exposed_stored_at <= $3::timestamptz AND ${CONFIRMED}`;

/**
 * Confirmed violations of exposures that were followed, and those of them that were not known as possible violations once the delay of
 * labels was over. By when the log stored the label: a sender may claim any time.
 */
export async function lateLabels(
  rows: Rows,
  { labelsSince, now, labelDelayMs }: Pick<EvidencePeriod, 'labelsSince' | 'labelDelayMs' | 'now'>,
  position: Position,
): Promise<LateLabels> {
  const [counts] = await rows(LATE, labelsSince, position, toIso(now - followedMs(labelDelayMs)), labelDelayMs);
  return { since: labelsSince, ...counts };
}
