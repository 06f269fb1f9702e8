import { Inject, Injectable, Optional } from '@nestjs/common';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import type { FurtherReviewFacts } from '../conflict-of-interest.js';
import { CONSEQUENCES, type Consequences } from '../consequences.js';
import { isInSample } from '../further-review.js';
import type { Sampling } from '../queue-rules.js';

/** Reads which cases need a second reviewer. */
@Injectable()
export class FurtherReviews {
  constructor(
    @Inject(PersonKeys) private readonly keys: Pick<PersonKeys, 'keyedHash'>,
    // Consumers confirm nothing that would deactivate an account while the setting says so.
    @Optional() @Inject(CONSEQUENCES) private readonly consequences?: Consequences,
  ) {}

  /** @param accountId whose image it is, if that is known */
  async of(
    { caseId, round, accountId }: { caseId: string; round: number; accountId: string | undefined },
    { secondReviewPercent, secondReviewOfDeactivations }: Sampling,
  ): Promise<FurtherReviewFacts> {
    const hash = this.keys.keyedHash(`second review\n${round}\n${caseId}`);
    const asks = secondReviewOfDeactivations && accountId !== undefined && this.consequences !== undefined;
    return {
      isSampled: isInSample(hash, secondReviewPercent),
      deactivates: asks ? await this.consequences!.deactivating(accountId, caseId) : () => false,
    };
  }
}
