import { type AccountStanding, accountStream, imposeMeasures } from '../../account/index.js';
import { fold } from '../../kernel/decider.js';
import { type ConfirmedViolation, outcomeFor } from '../confirmed-violation.js';
import type { Ladder } from '../ladder.js';

/** The account's standing once these violations are enforced, in order, that are confirmed and pending. */
export function expectedStanding(
  standing: AccountStanding,
  pending: Iterable<ConfirmedViolation>,
  ladder: Ladder,
): AccountStanding {
  let expected = standing;
  for (const violation of pending) {
    const { measures } = outcomeFor(violation, expected, ladder);
    expected = fold(accountStream, imposeMeasures(expected, violation, measures), expected);
  }
  return expected;
}
