import { Inject, Injectable } from '@nestjs/common';
import { accountStandingView } from '../../account/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { momentOf, positionOfMoment } from '../../http/moment.js';
import { readFromGiven } from '../../http/position-text.js';
import type { Clock } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, EVENT_STORE, SETTINGS } from '../../platform/ports.js';
import { EarlierAnswers } from '../../projections/earlier-answers.js';
import { Rebuilder, type ViewQueries } from '../../projections/rebuilder.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { rolloutStream } from '../../rollout/index.js';
import { COUNTED_VIEWS, SafetyReport } from '../../safety/index.js';
import type { Figures } from '../events.js';
import type { ReportData } from '../report.js';
import { eventAt, lastEventOf, ReportedEventGone } from './last-event.js';

type Counted = Pick<ReportData, 'position' | 'asOf' | 'lastEvent' | 'figures'>;

/** The figures of a report, counted from the log up to a position. */
@Injectable()
export class ReportFigures {
  private readonly answers: EarlierAnswers<Counted>;

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(Rebuilder) private readonly rebuilder: Rebuilder,
    @Inject(SafetyReport) private readonly safety: SafetyReport,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) settings: Pick<Settings, 'decisionWaitMs'>,
  ) {
    this.answers = new EarlierAnswers(settings.decisionWaitMs);
  }

  /**
   * @param at a position or a time, as clients give it
   * @param field the name of that, for refusals
   * @throws InvalidInput, PositionGone
   * @throws Unavailable replay-running if the replay goes on, or another one does
   */
  async read(at: string, field: string): Promise<Counted> {
    const { store, epoch } = this;
    const moment = momentOf(at, field, epoch.current);
    // Its last event is not stored yet, so that a repeat would be another report.
    if ('time' in moment && moment.time > this.clock.now()) {
      throw new InvalidInput([{ field, message: 'must not be in the future' }]);
    }
    const position = await positionOfMoment(at, field, { store, epoch: epoch.current });
    const last = await readFromGiven(epoch.current, () => eventAt(store, position));
    if (!last) throw new InvalidInput([{ field, message: 'must not be before the first event' }]);
    return this.counted(last);
  }

  /**
   * Those of a published report, from its last event: a copy of the log has that at another position.
   * @throws ReportedEventGone
   * @throws Unavailable replay-running if the replay goes on, or another one does
   */
  async again(published: ReportData): Promise<Counted> {
    const last = await lastEventOf(this.store, published);
    if (!last) throw new ReportedEventGone(published);
    return this.counted(last);
  }

  private counted({ position, recordedAt: asOf, id: lastEvent }: RecordedEvent): Promise<Counted> {
    return this.answers.read(`${this.epoch.current}-${position}`, async () => ({
      ...{ position, asOf, lastEvent },
      figures: await this.count(position),
    }));
  }

  private async count(position: Position): Promise<Figures> {
    const { perWeek, paused } = await this.rolloutAt(position);
    const counted = await this.rebuilder.readAt([...COUNTED_VIEWS, accountStandingView], position, async (db) => ({
      people: await peopleIn(db),
      safety: await this.safety.whole(db),
    }));
    const { generated, exposed, flaggedShare, exposedCases, violationRate, deactivated } = counted.safety;
    const { open: waiting, confirmed, dismissed, modelProblem } = exposedCases;
    return {
      people: counted.people,
      ...(perWeek !== undefined && { perWeek }),
      paused,
      generated,
      exposed,
      flagged: flaggedShare?.hits ?? 0,
      decided: confirmed + dismissed + modelProblem,
      confirmed,
      waiting,
      violations: violationRate?.hits ?? 0,
      deactivated,
    };
  }

  private async rolloutAt(position: Position) {
    const history = await this.store.readStream(rolloutStream.category);
    const until = history.filter((event) => event.position <= position);
    return foldRecorded(rolloutStream, until);
  }
}

async function peopleIn(db: ViewQueries): Promise<number> {
  const { rows } = await queryView(db, {
    text: `SELECT count(*) AS people FROM ${viewTable(accountStandingView)} WHERE onboarded_position IS NOT NULL`,
  });
  return Number(rows[0].people);
}
