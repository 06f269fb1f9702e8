import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { positionAt } from '../../event-store/position-at.js';
import { momentOf } from '../../http/moment.js';
import type { Position } from '../../kernel/envelope.js';
import { PositionGone, Refusal, Unavailable } from '../../kernel/errors.js';
import { within } from '../../kernel/wait.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { EVENT_STORE, SETTINGS } from '../../platform/ports.js';
import type { Days, Grouping } from './groupings.js';
import type { SafetyAnswer } from './safety-answer.js';
import { SafetyReport } from './safety-figures.js';

/** Answers that are kept: the past does not change. */
const MAX_KEPT = 32;

/** The safety metrics as of earlier moments. */
@Injectable()
export class EarlierFigures {
  private readonly kept = new Map<string, SafetyAnswer>();
  private running: { key: string; answer: Promise<SafetyAnswer> } | undefined;

  constructor(
    @Inject(SafetyReport) private readonly report: SafetyReport,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
  ) {}

  /**
   * @param asOf a position or a time, as clients give it
   * @throws InvalidInput, PositionGone
   * @throws Unavailable replay-running if the replay goes on, or another one does
   */
  async read(asOf: string, by: Grouping | undefined, days: Days): Promise<SafetyAnswer> {
    const position = await this.positionOf(asOf);
    const key = JSON.stringify([position, by, days.from, days.to]);
    const known = this.kept.get(key);
    if (known) return known;
    if (this.running && this.running.key !== key) throw replayRunning();
    this.running ??= { key, answer: this.replay(key, position, by, days) };
    const { answer } = this.running;
    answer.catch(() => {}); // the caller may have gone; another one gets the error
    return within(this.settings.decisionWaitMs, () => answer, replayRunning);
  }

  private async positionOf(asOf: string): Promise<Position> {
    const moment = momentOf(asOf, 'asOf', this.epoch.current);
    if ('time' in moment) return positionAt(this.store, moment.time);
    const { position } = moment;
    if (position > (await this.store.head())) throw new PositionGone(asOf, this.epoch.current);
    return position;
  }

  private async replay(key: string, position: Position, by: Grouping | undefined, days: Days): Promise<SafetyAnswer> {
    try {
      const answer = await this.report.readAt(position, by, days);
      const oldest = this.kept.keys().next();
      if (this.kept.size >= MAX_KEPT && !oldest.done) this.kept.delete(oldest.value);
      this.kept.set(key, answer);
      return answer;
    } catch (error) {
      // One of the views is being rebuilt or verified.
      throw error instanceof Refusal ? replayRunning() : error;
    } finally {
      this.running = undefined;
    }
  }
}

const replayRunning = () =>
  new Unavailable('replay-running', 'the log is being replayed for earlier figures or for a view: retry in a while');
