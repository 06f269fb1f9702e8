import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { positionOfMoment } from '../../http/moment.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { EVENT_STORE, SETTINGS } from '../../platform/ports.js';
import { EarlierAnswers } from '../../projections/earlier-answers.js';
import type { Days, Grouping } from './groupings.js';
import type { SafetyAnswer } from './safety-answer.js';
import { SafetyReport } from './safety-figures.js';

/** The safety metrics as of earlier moments. */
@Injectable()
export class EarlierFigures {
  private readonly answers: EarlierAnswers<SafetyAnswer>;

  constructor(
    @Inject(SafetyReport) private readonly report: SafetyReport,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(SETTINGS) settings: Pick<Settings, 'decisionWaitMs'>,
  ) {
    this.answers = new EarlierAnswers(settings.decisionWaitMs);
  }

  /**
   * @param asOf a position or a time, as clients give it
   * @throws InvalidInput, PositionGone
   * @throws Unavailable replay-running if the replay goes on, or another one does
   */
  async read(asOf: string, by: Grouping | undefined, days: Days): Promise<SafetyAnswer> {
    const { store, epoch } = this;
    const position = await positionOfMoment(asOf, 'asOf', { store, epoch: epoch.current });
    const key = JSON.stringify([position, by, days.from, days.to]);
    return this.answers.read(key, () => this.report.readAt(position, by, days));
  }
}
