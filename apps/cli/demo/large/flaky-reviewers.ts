import { createHash } from 'node:crypto';
import type { Opinion } from '../../reviewing/played-reviewer.js';
import type { FlaggedImage } from './large-preview.js';

/** How often each errs, from careful to careless. */
const ERRORS = [0.02, 0.03, 0.05, 0.05, 0.08, 0.1, 0.12, 0.2, 0.25];
const UNSURE = 0.03;
const MEAN_ANSWER_MS = 60_000;

/** At least 0 and less than 1; the same for the same words, whatever was drawn before. */
export function lot(...words: readonly (string | number)[]): number {
  return createHash('sha256').update(words.join('\n')).digest().readUInt32BE(0) / 2 ** 32;
}

/** Reviewers who err. What each thinks of an image is known beforehand; which of them gets it is not. */
export class FlakyReviewers {
  readonly names: readonly string[];

  constructor(
    run: string,
    private readonly seed: number,
  ) {
    this.names = ERRORS.map((_, n) => `demo-${run}-reviewer-${n + 1}`);
  }

  /** @param round 1 for the first review of the image */
  opinionOf({ place, truth, category }: FlaggedImage, name: string, round: number): Opinion {
    const reviewer = this.names.indexOf(name);
    const drawn = (what: string) => lot(this.seed, what, place, reviewer, round);
    const answerTimeMs = Math.round(-Math.log(1 - drawn('time')) * MEAN_ANSWER_MS);
    if (drawn('unsure') < UNSURE) return { verdict: 'unsure', answerTimeMs };
    const errs = drawn('error') < ERRORS[reviewer]!;
    return (truth === 'unsafe') === errs
      ? { verdict: 'safe', answerTimeMs }
      : { verdict: 'unsafe', clause: category, rationale: 'a demonstration', answerTimeMs };
  }
}
