import { Inject, Injectable } from '@nestjs/common';
import { Transactor } from '../../event-store/transact.js';
import { fold } from '../../kernel/decider.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { SETTINGS } from '../../platform/ports.js';
import { type Case, caseStream } from '../case.js';
import { isCleared, openCase, openingSettings } from '../flag-decisions.js';
import { isUnseen, notedFlaggerId, notedFlaggerStream } from '../noted-flagger.js';
import { nextReviewActions } from '../review-actions.js';
import { reviewerStream } from '../reviewer.js';
import { FlagRates } from './flag-rates.js';
import { FlaggerRecords } from './flagger-records.js';
import { FlagsAhead } from './flags-ahead.js';

export interface CurrentCase {
  state: Case;
  notedRound: number;
  /** The accounts to which the person is linked. */
  linked: ReadonlySet<string>;
  isParked: boolean;
}

/** Reads cases with every flag stored so far, also those that the consumer of flags has not reached. Stores nothing. */
@Injectable()
export class CurrentCases {
  private readonly opening: ReturnType<typeof openingSettings>;

  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(FlagsAhead) private readonly flags: FlagsAhead,
    @Inject(FlagRates) private readonly rates: Pick<FlagRates, 'treatmentOf'>,
    @Inject(FlaggerRecords) private readonly records: Pick<FlaggerRecords, 'isPoor'>,
    @Inject(SETTINGS) settings: Pick<Settings, 'reviewPanel' | 'reopenConfidencePercent'>,
  ) {
    this.opening = openingSettings(settings);
  }

  /**
   * @returns `isParked` if a flag of the image could not be processed, so that the case may be incomplete
   * @throws NotCaughtUp if the consumer of flags is too far behind
   */
  async find(caseId: string, person: string): Promise<CurrentCase> {
    const { flags, isParked } = await this.flags.of(caseId);
    const [{ state: stored }, { state: noted }, { state: profile }] = await Promise.all([
      this.transactor.load(caseStream, caseId),
      this.transactor.load(notedFlaggerStream, notedFlaggerId(caseId, person)),
      this.transactor.load(reviewerStream, person),
    ]);
    let [state, notedRound] = [stored, noted.round];
    for (const event of flags) {
      const isApart = (await this.rates.treatmentOf(event)) !== 'usual';
      for (const { flag } of nextReviewActions(event)) {
        if (isApart) {
          if (flag.flaggedBy === person) notedRound = Math.max(1, state.round);
          continue;
        }
        const hasPoorRecord = isCleared(state) && (await this.records.isPoor(flag.flaggedBy));
        state = fold(caseStream, openCase(state, { ...flag, ...this.opening, hasPoorRecord }), state);
        if (flag.flaggedBy === person && isUnseen(state, flag)) notedRound = state.round;
      }
    }
    return { state, notedRound, linked: profile.accounts, isParked };
  }
}
